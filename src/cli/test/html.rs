//! As much of an HTML page as a test needs that wants no document: its scripts, in order.

/// What a page has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) title: Option<String>,
    pub(super) scripts: Vec<PageScript>,
    /// Each begins with `?` or `#`, or is empty.
    pub(super) variants: Vec<String>,
    pub(super) long: bool,
    /// The names by which script could find its elements.
    pub(super) elements: Vec<String>,
    /// What is there that only a document can bring to life.
    pub(super) needs_document: Option<String>,
}

/// A classic script of a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PageScript {
    /// Relative to the page, or to the root of the tree when it begins with a slash.
    Src(String),
    Inline {
        text: String,
        /// Where it begins, from 1.
        line: u32,
    },
}

/// A start tag. Names are in lower case.
struct Tag<'a> {
    name: String,
    attributes: Vec<(String, String)>,
    /// What follows it.
    rest: &'a str,
}

impl Tag<'_> {
    fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Page {
    /// Finds tags as a browser would, but for text that only looks like them.
    pub(super) fn read(html: &str) -> Self {
        let mut page = Self::default();
        let mut rest = html;
        while let Some(at) = rest.find('<') {
            rest = &rest[at..];
            if let Some(comment) = rest.strip_prefix("<!--") {
                rest = comment.split_once("-->").map_or("", |(_, after)| after);
                continue;
            }
            let Some(tag) = start_tag(rest) else {
                rest = &rest[1..];
                continue;
            };
            rest = page.element(&tag, html);
        }
        page
    }

    /// Whether it loads the test harness.
    pub(super) fn is_test(&self) -> bool {
        self.scripts.iter().any(
            |script| matches!(script, PageScript::Src(src) if src == "/resources/testharness.js"),
        )
    }

    /// Takes what an element says; returns what follows it.
    fn element<'a>(&mut self, tag: &Tag<'a>, html: &str) -> &'a str {
        if let Some((name, _)) = tag.attributes.iter().find(|(name, _)| {
            name.len() > 2 && name.starts_with("on") && self.needs_document.is_none()
        }) {
            self.needs_document = Some(format!("the attribute {name} of <{}>", tag.name));
        }
        let named =
            ["iframe", "frame", "embed", "object", "form", "img"].contains(&tag.name.as_str());
        let id = tag.attribute("id");
        let name = tag.attribute("name").filter(|_| named);
        let names = id.into_iter().chain(name).filter(|name| !name.is_empty());
        self.elements.extend(names.map(str::to_owned));
        match tag.name.as_str() {
            "title" => {
                let (text, rest) = raw_text(tag.rest, "title");
                self.title = Some(text.trim().to_owned());
                rest
            }
            "meta" => {
                let content = tag.attribute("content").unwrap_or_default();
                match tag.attribute("name") {
                    Some("timeout") => self.long = content == "long",
                    Some("variant") => self.variants.push(content.to_owned()),
                    _ => {}
                }
                tag.rest
            }
            "script" => {
                let (text, rest) = raw_text(tag.rest, "script");
                let before = html.len() - tag.rest.len();
                let line = 1 + html[..before].matches('\n').count();
                self.script(tag, text, u32::try_from(line).unwrap_or(u32::MAX));
                rest
            }
            "style" | "textarea" | "xmp" => raw_text(tag.rest, &tag.name).1,
            _ => tag.rest,
        }
    }

    fn script(&mut self, tag: &Tag<'_>, text: &str, line: u32) {
        let kind = tag.attribute("type").unwrap_or_default().to_lowercase();
        match kind.trim() {
            "" | "text/javascript" | "application/javascript" | "text/ecmascript" => {}
            "module" => {
                self.needs_document = Some("a module script".to_owned());
                return;
            }
            // Data.
            _ => return,
        }
        self.scripts.push(match tag.attribute("src") {
            Some(src) => PageScript::Src(src.to_owned()),
            None => PageScript::Inline {
                text: text.to_owned(),
                line,
            },
        });
    }
}

/// Splits at the end tag.
fn raw_text<'a>(text: &'a str, name: &str) -> (&'a str, &'a str) {
    let mut from = 0;
    while let Some(at) = text[from..].find("</") {
        let at = from + at;
        let after = &text[at + 2..];
        if after
            .get(..name.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(name))
        {
            return (&text[..at], &after[name.len()..]);
        }
        from = at + 2;
    }
    (text, "")
}

/// The start tag that `text` begins with.
fn start_tag(text: &str) -> Option<Tag<'_>> {
    let rest = text.strip_prefix('<')?;
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .unwrap_or(rest.len());
    if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let mut tag = Tag {
        name: rest[..end].to_ascii_lowercase(),
        attributes: Vec::new(),
        rest: &rest[end..],
    };
    loop {
        let rest = tag
            .rest
            .trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            tag.rest = after;
            return Some(tag);
        }
        if rest.is_empty() {
            return None;
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || ['=', '>', '/'].contains(&c))
            .unwrap_or(rest.len());
        // A stray '=' is the name of an attribute.
        let end = end.max(rest.chars().next().map_or(0, char::len_utf8));
        let name = rest[..end].to_ascii_lowercase();
        let (value, rest) = attribute_value(&rest[end..]);
        tag.attributes.push((name, value));
        tag.rest = rest;
    }
}

/// What follows an attribute's name: its value, and what follows that.
fn attribute_value(text: &str) -> (String, &str) {
    let Some(value) = text.trim_start().strip_prefix('=') else {
        return (String::new(), text);
    };
    let value = value.trim_start();
    let (value, rest) = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
        _ => {
            let end = value.find(|c: char| c.is_whitespace() || c == '>');
            value.split_at(end.unwrap_or(value.len()))
        }
    };
    (
        value
            .replace("&quot;", "\"")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
        rest,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn src(src: &str) -> PageScript {
        PageScript::Src(src.to_owned())
    }

    #[test]
    fn scripts_come_in_order() {
        let page = Page::read(
            "<!doctype html>\n<TITLE> a <b> </TITLE>\n<meta name=timeout content=\"long\">\n\
             <meta name='variant' content='?a&amp;b'><meta name=variant content>\n\
             <script src=/resources/testharness.js></script>\n<!-- <script>no()</script> -->\n\
             <div id=log></div>\n<SCRIPT type=\"text/javascript\">\nif (1 < 2) a('<p>');\n</SCRIPT >\n\
             <script type='text/plain'>data</script><script src='x.js' />",
        );
        let expected = Page {
            title: Some("a <b>".into()),
            scripts: vec![
                src("/resources/testharness.js"),
                PageScript::Inline {
                    text: "\nif (1 < 2) a('<p>');\n".into(),
                    line: 8,
                },
                src("x.js"),
            ],
            variants: vec!["?a&b".into(), String::new()],
            long: true,
            elements: vec!["log".into()],
            needs_document: None,
        };
        assert_eq!(page, expected);
        assert!(page.is_test());
        assert!(!Page::read("<script>test()</script>").is_test());
    }

    #[test]
    fn what_only_a_document_brings_to_life_is_noticed() {
        let needs = |html: &str| Page::read(html).needs_document;
        assert_eq!(
            needs("<body onload=\"go()\">").as_deref(),
            Some("the attribute onload of <body>")
        );
        assert_eq!(
            needs("<script type=module>import 'a'</script>").as_deref(),
            Some("a module script")
        );
        assert_eq!(needs("<p id=on>"), None);
    }

    #[test]
    fn no_prefix_of_a_page_is_a_problem() {
        let html = "<!-- é --><script src = \"é\" async>é</script><a b='c' / = d=é><é>";
        for (end, _) in html.char_indices() {
            Page::read(&html[..end]);
        }
    }
}
