//! The environment variables that people set for all their programs.

use std::{env, ffi::OsString};

use super::{no_proxy::NoProxy, options::ProxyOptions, proxy_url::Proxy};
use crate::net::error::{Error, ErrorKind, Phase};

/// The variables of `ws:` connections, which are those of HTTP.
const WS: [&str; 2] = ["http_proxy", "HTTP_PROXY"];
const WSS: [&str; 2] = ["https_proxy", "HTTPS_PROXY"];
/// For whichever of the two has none of its own.
const ALL: [&str; 2] = ["all_proxy", "ALL_PROXY"];
const NO: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// Set by web servers for the CGI programs they run.
const CGI: &str = "REQUEST_METHOD";

impl ProxyOptions {
    /// Reads the usual environment variables of the process, each in lower case before upper case:
    /// `http_proxy` for `ws:`, `https_proxy` for `wss:`, `all_proxy` for those without one of their
    /// own, and `no_proxy`, a list as [`NoProxy`] describes it. An empty variable counts as none.
    ///
    /// `HTTP_PROXY` in upper case is not read where `REQUEST_METHOD` is set: in a CGI program its
    /// value is a header of the request, and so chosen by a stranger.
    ///
    /// Entries of `no_proxy` that cannot be read are for no host. Loopback addresses are not
    /// excepted by themselves, as they are not with curl; an entry can do that.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidProxy`] when a variable that would be used has no [`Proxy`]'s URL. The
    /// error names the variable and does not repeat its value.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(|name| env::var_os(name))
    }

    /// The same of variables from elsewhere.
    pub(crate) fn from_variables(
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Error> {
        let is_cgi = variable(CGI).is_some();
        let first = |names: [&'static str; 2]| {
            let names = names.into_iter();
            names
                .filter(|&name| !(is_cgi && name == "HTTP_PROXY"))
                .find_map(|name| {
                    let value = variable(name).filter(|value| !value.is_empty())?;
                    Some((name, value))
                })
        };
        let proxy = |names| match first(names).or_else(|| first(ALL)) {
            Some((name, value)) => {
                let subject = format!("the proxy in {name}");
                Proxy::parse_from(&text(value, &subject)?, &subject).map(Some)
            }
            None => Ok(None),
        };
        Ok(Self {
            ws: proxy(WS)?,
            wss: proxy(WSS)?,
            no_proxy: match first(NO) {
                Some((name, value)) => NoProxy::parse_known(&text(value, name)?),
                None => NoProxy::default(),
            },
        })
    }
}

fn text(value: OsString, subject: &str) -> Result<String, Error> {
    value.into_string().map_err(|_| {
        let kind = ErrorKind::InvalidProxy("the value is not UTF-8");
        Error::new(Phase::Proxy, kind, subject)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<ProxyOptions, Error> {
        ProxyOptions::from_variables(|name| {
            let mut variables = variables.iter();
            let (_, value) = variables.find(|(variable, _)| *variable == name)?;
            Some(value.into())
        })
    }

    /// The proxies for ws: and wss:.
    fn proxies(variables: &[(&str, &str)]) -> [Option<String>; 2] {
        let options = read(variables).unwrap();
        [options.ws, options.wss].map(|proxy| proxy.map(|proxy| proxy.to_string()))
    }

    fn some(host: &str) -> Option<String> {
        Some(format!("http://{host}:80"))
    }

    #[test]
    fn each_scheme_has_its_variable_and_all_proxy_is_for_the_rest() {
        assert_eq!(proxies(&[]), [None, None]);
        assert_eq!(proxies(&[("HTTP_PROXY", "a")]), [some("a"), None]);
        assert_eq!(proxies(&[("HTTPS_PROXY", "a")]), [None, some("a")]);
        assert_eq!(proxies(&[("ALL_PROXY", "a")]), [some("a"), some("a")]);
        let both = [("all_proxy", "a"), ("https_proxy", "b")];
        assert_eq!(proxies(&both), [some("a"), some("b")]);
        let both = [("ALL_PROXY", "a"), ("HTTP_PROXY", "b")];
        assert_eq!(proxies(&both), [some("b"), some("a")]);
    }

    #[test]
    fn lower_case_wins_and_empty_is_nothing() {
        for upper in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            let lower = upper.to_lowercase();
            let both = proxies(&[(upper, "upper"), (&lower, "lower")]);
            assert!(both.contains(&some("lower")) && !both.contains(&some("upper")));
            let empty = proxies(&[(upper, "upper"), (&lower, "")]);
            assert!(empty.contains(&some("upper")));
        }
        let both = read(&[("NO_PROXY", "upper"), ("no_proxy", "lower")]).unwrap();
        assert_eq!(both.no_proxy, NoProxy::parse("lower").unwrap());
        let unknown = read(&[("NO_PROXY", "192.168.*, known")]).unwrap();
        assert_eq!(unknown.no_proxy, NoProxy::parse("known").unwrap());
    }

    #[test]
    fn http_proxy_in_upper_case_may_be_a_strangers() {
        let cgi = ("REQUEST_METHOD", "GET");
        assert_eq!(proxies(&[cgi, ("HTTP_PROXY", "a")]), [None, None]);
        assert_eq!(proxies(&[cgi, ("http_proxy", "a")]), [some("a"), None]);
        assert_eq!(proxies(&[cgi, ("HTTPS_PROXY", "a")]), [None, some("a")]);
        let all = [cgi, ("HTTP_PROXY", "a"), ("ALL_PROXY", "b")];
        assert_eq!(proxies(&all), [some("b"), some("b")]);
    }

    #[test]
    fn a_value_that_cannot_be_read_is_an_error_that_names_the_variable() {
        for name in ["http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
            let error = read(&[(name, "ftp://user:secret@h")]).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(name) && text.contains("scheme"), "{text}");
            assert!(!format!("{text} {error:?}").contains("secret"), "{text}");
        }
        // It is not used.
        let unused = [("ALL_PROXY", "ftp://h"), ("http_proxy", "a")];
        assert!(read(&unused).is_err());
        let unused = [unused[0], unused[1], ("https_proxy", "b")];
        assert_eq!(proxies(&unused), [some("a"), some("b")]);
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_no_text_is_an_error_too() {
        use std::os::unix::ffi::OsStringExt;
        for name in ["https_proxy", "NO_PROXY"] {
            let value = |asked: &str| (asked == name).then(|| OsString::from_vec(vec![0xff]));
            let error = ProxyOptions::from_variables(value).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
