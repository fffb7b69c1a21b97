// A sticky regular expression may match only where it starts to look. Boa's searches the whole rest of the text before it gives
// up, which makes the suite's IDL parser take half a minute for html.idl. With an empty alternative at its end it always
// matches at once; if by that alternative, there is no match. Nothing else changes.
(function () {
  "use strict";
  const exec = RegExp.prototype.exec;
  const with_alternative = new WeakMap();

  function extended(regexp) {
    let found = with_alternative.get(regexp);
    if (found === undefined) {
      // Boa escapes a slash in `source` that is escaped already; without any escape it means the same.
      const source = regexp.source.replaceAll("\\/", "/");
      found = new RegExp(`(?:${source})|()`, regexp.flags);
      with_alternative.set(regexp, found);
    }
    return found;
  }

  Object.defineProperty(RegExp.prototype, "exec", {
    value: {
      exec(text) {
        if (!(this instanceof RegExp) || !this.sticky || this.hasIndices) {
          return exec.call(this, text);
        }
        const regexp = extended(this);
        regexp.lastIndex = this.lastIndex;
        const result = exec.call(regexp, text);
        if (result === null || result.pop() !== undefined) {
          this.lastIndex = 0;
          return null;
        }
        this.lastIndex = regexp.lastIndex;
        return result;
      },
    }.exec,
    writable: true,
    enumerable: false,
    configurable: true,
  });
});
