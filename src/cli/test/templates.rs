//! The templates in files with `.sub.` in their name, which the suite's server fills in when it serves them:
//! `{{host}}`, `{{ports[ws][0]}}`, `{{hosts[alt][www]}}`, `{{location[path]}}`, `{{GET[key]}}`, `{{$id:uuid()}}`.

use std::{collections::HashMap, path::Path};

use serde_json::Value;
use url::Url;

/// Whether the server would fill in the templates of a file with this name.
pub(super) fn is_template(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().contains(".sub."))
}

/// Fills in what a file has. `url` is where the file is served, `config` the servers' configuration.
///
/// # Errors
///
/// A template that cannot be filled in.
pub(super) fn fill_in(text: &str, url: &Url, config: &Value) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    let mut variables = HashMap::new();
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        let after = &rest[at + 2..];
        let Some((template, end)) = after
            .split_once("}}")
            .filter(|(template, _)| !template.contains('}'))
        else {
            filled.push_str(&rest[..at + 2]);
            rest = after;
            continue;
        };
        filled.push_str(&rest[..at]);
        let value = value_of(template, url, config, &mut variables)
            .ok_or_else(|| format!("cannot fill in the template {{{{{template}}}}}"))?;
        filled.push_str(&value);
        rest = end;
    }
    Ok(filled + rest)
}

fn value_of(
    template: &str,
    url: &Url,
    config: &Value,
    variables: &mut HashMap<String, String>,
) -> Option<String> {
    if let Some(variable) = template.strip_prefix('$') {
        let Some((name, template)) = variable.split_once(':') else {
            return variables.get(variable).cloned();
        };
        let value = value_of(template, url, config, variables)?;
        variables.insert(name.to_owned(), value.clone());
        return Some(value);
    }
    let end = template.find(['[', '(']).unwrap_or(template.len());
    let (field, rest) = template.split_at(end);
    if field == "uuid" {
        return Some(random_uuid());
    }
    let indices = indices(rest)?;
    let value = match field {
        "host" => &config["browser_host"],
        "domains" => &config["all_domains"][""],
        "hosts" => &config["all_domains"],
        "ports" => &config["ports"],
        "location" => return location(url, indices.first()?),
        "GET" => {
            let wanted = indices.first()?;
            let found = url.query_pairs().find(|(name, _)| name == wanted);
            return found.map(|(_, value)| value.into_owned());
        }
        _ => return None,
    };
    let value = indices.iter().try_fold(value, |value, index| match value {
        Value::Array(values) => values.get(index.parse::<usize>().ok()?),
        _ => value.get(index),
    })?;
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `[a][b]`
fn indices(mut text: &str) -> Option<Vec<&str>> {
    let mut indices = Vec::new();
    while !text.is_empty() {
        let (index, rest) = text.strip_prefix('[')?.split_once(']')?;
        indices.push(index);
        text = rest;
    }
    Some(indices)
}

fn location(url: &Url, part: &str) -> Option<String> {
    let port = url.port_or_known_default()?;
    let host = url.host_str()?;
    Some(match part {
        "server" => format!("{}://{host}:{port}", url.scheme()),
        "scheme" => url.scheme().to_owned(),
        "host" => format!("{host}:{port}"),
        "hostname" => host.to_owned(),
        "port" => port.to_string(),
        "path" | "pathname" => url.path().to_owned(),
        "query" => format!("?{}", url.query().unwrap_or_default()),
        _ => return None,
    })
}

/// A version 4 UUID. <https://www.rfc-editor.org/rfc/rfc9562#section-5.4>
fn random_uuid() -> String {
    let bits = rand::random::<u128>();
    let bits = bits & !(0xf << 76) & !(0b11 << 62) | 0x4 << 76 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fill(text: &str) -> Result<String, String> {
        let config = json!({
            "browser_host": "a.test",
            "ports": { "ws": [8001], "http": [80, 81] },
            "all_domains": {
                "": { "": "a.test", "www": "www.a.test" },
                "alt": { "": "b.test", "www": "www.b.test" },
            },
        });
        let url = Url::parse("http://a.test:80/d/f.sub.js?k=v%20w&x").unwrap();
        fill_in(text, &url, &config)
    }

    #[test]
    fn every_kind_is_filled_in() {
        for (template, value) in [
            ("{{host}}", "a.test"),
            ("'{{ports[ws][0]}}'", "'8001'"),
            ("{{ports[http][1]}}", "81"),
            ("{{domains[www]}}{{domains[]}}", "www.a.testa.test"),
            ("{{hosts[alt][www]}}", "www.b.test"),
            ("{{hosts[][www]}}", "www.a.test"),
            ("{{location[server]}}", "http://a.test:80"),
            ("{{location[path]}}", "/d/f.sub.js"),
            ("{{location[query]}}", "?k=v%20w&x"),
            ("{{GET[k]}}", "v w"),
            ("a {{ b }", "a {{ b }"),
            ("${{a}", "${{a}"),
        ] {
            assert_eq!(fill(template).as_deref(), Ok(value), "{template}");
        }
    }

    #[test]
    fn a_variable_keeps_its_value() {
        let filled = fill("{{$id:uuid()}} {{$id}} {{uuid()}}").unwrap();
        let ids = filled.split(' ').collect::<Vec<_>>();
        assert_eq!(ids[0], ids[1]);
        assert_ne!(ids[0], ids[2]);
        assert_eq!(ids[0].len(), 36);
        assert_eq!(&ids[0][14..15], "4");
        assert!("89ab".contains(&ids[0][19..20]), "{}", ids[0]);
    }

    #[test]
    fn what_cannot_be_filled_in_is_an_error() {
        for template in [
            "{{nonsense}}",
            "{{ports[h2][0]}}",
            "{{ports[ws]}}",
            "{{GET[z]}}",
            "{{$x}}",
            "{{host[}}",
        ] {
            assert!(fill(template).is_err(), "{template}");
        }
    }

    #[test]
    fn only_the_name_decides() {
        assert!(is_template(Path::new("/a/b.sub.any.js")));
        assert!(!is_template(Path::new("/a.sub.d/b.any.js")));
    }
}
