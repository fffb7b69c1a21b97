//! What a word could become: names and members, found without running script.

use boa_engine::{
    Context, JsObject, JsValue, JsVariant, Source,
    object::builtins::JsProxy,
    property::{PropertyDescriptor, PropertyKey},
};

use super::{
    evaluator::declared_names,
    syntax::{self, KEYWORDS, Kind, Token},
};

/// Candidates that are offered; more than anybody reads.
const MAX_CANDIDATES: usize = 1_000;

/// Prototypes that are looked at.
const MAX_PROTOTYPES: usize = 64;

/// Properties of one object that are looked at.
const MAX_PROPERTIES: usize = 20_000;

/// What is to be completed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Where the word begins, in bytes.
    pub(super) start: usize,
    /// The word as far as it is there; may be empty.
    pub(super) prefix: String,
    /// The names before it, each a member of the one before: `a.b.` is `["a", "b"]`.
    pub(super) owners: Vec<Owner>,
}

/// What has members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Name(String),
    Index(u32),
    /// A literal string, number, array or template: something to be seen at once.
    Literal(Literal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    String,
    Array,
    Regex,
}

/// Reads a line up to the cursor. Nothing, where a name cannot stand or nobody can say what is before it.
pub(super) fn wanted(line: &str) -> Option<Wanted> {
    let scan = syntax::scan(line);
    let mut tokens = scan.tokens.as_slice();
    let mut start = line.len();
    if let Some((last, before)) = tokens.split_last()
        && last.end == line.len()
    {
        match last.kind {
            Kind::Word => {
                start = last.start;
                tokens = before;
            }
            Kind::Punctuator => {}
            Kind::Template if last.text(line).ends_with("${") => {}
            _ => return None,
        }
    } else if scan.open {
        return None;
    }
    let mut owners = Vec::new();
    while let Some((dot, before)) = tokens.split_last()
        && (dot.is(line, ".") || dot.is(line, "?."))
    {
        tokens = before;
        tokens = owner(line, tokens, &mut owners)?;
    }
    owners.reverse();
    Some(Wanted {
        start,
        prefix: line.get(start..)?.to_owned(),
        owners,
    })
}

/// Reads what stands before a dot, from its end; gives back the tokens before it.
fn owner<'a>(line: &str, tokens: &'a [Token], owners: &mut Vec<Owner>) -> Option<&'a [Token]> {
    let (last, before) = tokens.split_last()?;
    match last.kind {
        Kind::Word => owners.push(Owner::Name(last.text(line).to_owned())),
        Kind::String => owners.push(Owner::Literal(Literal::String)),
        Kind::Template if last.text(line).starts_with('`') => {
            owners.push(Owner::Literal(Literal::String))
        }
        Kind::Regex => owners.push(Owner::Literal(Literal::Regex)),
        Kind::Punctuator if last.is(line, "]") => return index(line, last, before, owners),
        _ => return None,
    }
    Some(before)
}

/// Reads `a[0]`, `a["b"]` or `[…]` from its end.
fn index<'a>(
    line: &str,
    last: &Token,
    before: &'a [Token],
    owners: &mut Vec<Owner>,
) -> Option<&'a [Token]> {
    let open = before
        .iter()
        .rposition(|token| token.depth == last.depth && token.is(line, "["))?;
    let (outer, inner) = (before.get(..open)?, before.get(open + 1..)?);
    let is_member = outer.last().is_some_and(|token| {
        matches!(token.kind, Kind::String | Kind::Template)
            || token.kind == Kind::Word && !KEYWORDS.contains(&token.text(line))
            || token.is_word(line, "this")
            || token.is(line, ")")
            || token.is(line, "]")
    });
    if !is_member {
        owners.push(Owner::Literal(Literal::Array));
        return Some(outer);
    }
    let [key] = inner else {
        return None;
    };
    let text = key.text(line);
    match key.kind {
        Kind::Number => owners.push(Owner::Index(text.parse().ok()?)),
        Kind::String if !text.contains('\\') => {
            owners.push(Owner::Name(
                text.get(1..text.len().checked_sub(1)?)?.to_owned(),
            ));
        }
        _ => return None,
    }
    owner(line, outer, owners)
}

/// Finds what the word could be, in order.
pub(super) fn candidates(wanted: &Wanted, context: &mut Context) -> Vec<String> {
    let mut found = Found {
        prefix: &wanted.prefix,
        names: Vec::new(),
    };
    match wanted.owners.split_first() {
        None => {
            for name in declared_names(context) {
                found.add(&name);
            }
            for name in KEYWORDS {
                found.add(name);
            }
            found.members(context.global_object());
        }
        Some((first, members)) => {
            let object = value(first, context).and_then(|first| {
                let mut owner = object_of(&first, context)?;
                for member in members {
                    let member = property(&owner, member)?;
                    owner = object_of(&member, context)?;
                }
                Some(owner)
            });
            if let Some(object) = object {
                found.members(object);
            }
        }
    }
    found.names.sort_unstable();
    found.names.dedup();
    found.names.truncate(MAX_CANDIDATES);
    found.names
}

struct Found<'a> {
    prefix: &'a str,
    names: Vec<String>,
}

impl Found<'_> {
    fn add(&mut self, name: &str) {
        let mut letters = name.chars();
        // What is no identifier cannot stand after a dot.
        let first = letters
            .next()
            .is_some_and(|first| syntax::is_word_letter(first) && !first.is_numeric());
        if first && letters.all(syntax::is_word_letter) && name.starts_with(self.prefix) {
            self.names.push(name.to_owned());
        }
    }

    /// Adds the members of an object and of its prototypes.
    fn members(&mut self, object: JsObject) {
        let mut next = Some(object);
        for _ in 0..MAX_PROTOTYPES {
            // Looking at a proxy runs its traps.
            let Some(object) = next.filter(|object| !is_proxy(object)) else {
                return;
            };
            let keys = object.borrow().shape().keys();
            for key in keys.iter().take(MAX_PROPERTIES) {
                if let PropertyKey::String(name) = key {
                    self.add(&name.to_std_string_lossy());
                }
            }
            next = object.prototype();
        }
    }
}

fn is_proxy(object: &JsObject) -> bool {
    JsProxy::from_object(object.clone()).is_ok()
}

/// The value that a line begins with.
fn value(first: &Owner, context: &mut Context) -> Option<JsValue> {
    let name = match first {
        Owner::Name(name) => name,
        Owner::Index(_) => return None,
        Owner::Literal(literal) => {
            let text = match literal {
                Literal::String => "''",
                Literal::Array => "[]",
                Literal::Regex => "/a/",
            };
            return context.eval(Source::from_bytes(text)).ok();
        }
    };
    if matches!(&**name, "this" | "globalThis") {
        return Some(context.global_object().into());
    }
    if declared_names(context).contains(name) {
        // Reading such a name runs no script. It may not have a value yet.
        return context.eval(Source::from_bytes(name)).ok();
    }
    property(&context.global_object(), first)
}

/// The value of a property, unless a getter would have to be asked.
fn property(object: &JsObject, name: &Owner) -> Option<JsValue> {
    let key: PropertyKey = match name {
        Owner::Name(name) => boa_engine::JsString::from(&**name).into(),
        Owner::Index(index) => (*index).into(),
        Owner::Literal(_) => return None,
    };
    let mut next = Some(object.clone());
    for _ in 0..MAX_PROTOTYPES {
        let object = next.filter(|object| !is_proxy(object))?;
        let property: Option<PropertyDescriptor> = object.borrow().properties().get(&key);
        if let Some(property) = property {
            return property.value().cloned();
        }
        next = object.prototype();
    }
    None
}

/// What has a value's members.
fn object_of(value: &JsValue, context: &Context) -> Option<JsObject> {
    let constructors = context.intrinsics().constructors();
    Some(match value.variant() {
        JsVariant::Object(object) => object.clone(),
        JsVariant::String(_) => constructors.string().prototype(),
        JsVariant::Boolean(_) => constructors.boolean().prototype(),
        JsVariant::Float64(_) | JsVariant::Integer32(_) => constructors.number().prototype(),
        JsVariant::BigInt(_) => constructors.bigint().prototype(),
        JsVariant::Symbol(_) => constructors.symbol().prototype(),
        JsVariant::Null | JsVariant::Undefined => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, start: usize, prefix: &str, owners: &[&str]) {
        let wanted = wanted(line).unwrap();
        assert_eq!((wanted.start, &*wanted.prefix), (start, prefix));
        let names: Vec<_> = wanted
            .owners
            .iter()
            .map(|owner| format!("{owner:?}"))
            .collect();
        assert_eq!(names, owners);
    }

    #[test]
    fn what_is_wanted() {
        check("", 0, "", &[]);
        check("  con", 2, "con", &[]);
        check("f(a, b", 5, "b", &[]);
        check("a.b?.c", 5, "c", &["Name(\"a\")", "Name(\"b\")"]);
        check("x = a.", 6, "", &["Name(\"a\")"]);
        check("a[0].b", 5, "b", &["Name(\"a\")", "Index(0)"]);
        check("a['x'].", 7, "", &["Name(\"a\")", "Name(\"x\")"]);
        check("['x'].", 6, "", &["Literal(Array)"]);
        check("'x'.le", 4, "le", &["Literal(String)"]);
        check("`a${b", 4, "b", &[]);
        check("`a`.", 4, "", &["Literal(String)"]);
        check("ä.ö", 3, "ö", &["Name(\"ä\")"]);
    }

    #[test]
    fn where_nothing_is_known() {
        for line in [
            "'a", "`a", "// a", "/* a", "f().", "a[b].", "a[0+1].", "1.", "({}).", "1",
        ] {
            assert_eq!(wanted(line), None, "{line}");
        }
    }

    #[test]
    fn no_getter_is_run_and_no_proxy_asked() {
        let mut context = Context::default();
        let script = "var ran = 0; var a = { get b() { ran++ }, c: { deep: 1 }, 'x-y': 1, s: 's' };
            var p = new Proxy({ inner: 1 }, { ownKeys() { ran++; return [] }, get() { ran++ }, getPrototypeOf() { ran++; return null } });
            var q = Object.create(p, { own: {} }); var list = [{ first: 1 }];";
        context.eval(Source::from_bytes(script)).unwrap();
        let mut of = |line| candidates(&wanted(line).unwrap(), &mut context);
        assert_eq!(of("a.b."), [""; 0]);
        assert_eq!(of("p."), [""; 0]);
        assert_eq!(of("q."), ["own"]);
        assert!(of("a.").contains(&"hasOwnProperty".to_owned()));
        assert!(!of("a.").contains(&"x-y".to_owned()));
        assert_eq!(of("a.c.d"), ["deep"]);
        assert_eq!(of("a.s.toUpper"), ["toUpperCase"]);
        assert_eq!(of("list[0].f"), ["first"]);
        assert_eq!(of("glob"), ["globalThis"]);
        assert_eq!(of("whil"), ["while"]);
        assert_eq!(
            context.eval(Source::from_bytes("ran")).unwrap().as_number(),
            Some(0.0)
        );
    }
}
