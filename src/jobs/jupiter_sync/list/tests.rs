use std::io::{self, BufReader, Read};

use proptest::prelude::*;
use serde_json::json;

use super::super::element::DEPTH_MAX;
use super::scanner::ELEMENT_BYTES_MAX;
use super::*;
use crate::exit::Exit;

/// A source that gives at most so many bytes at a time, and asks to be asked again in between.
struct Chunked<'a> {
    bytes: &'a [u8],
    size: usize,
    interrupted: bool,
    /// What comes after the bytes, the first of them last; then their end.
    then: Vec<ErrorKind>,
}

impl Read for Chunked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(ErrorKind::Interrupted.into());
        }
        if self.bytes.is_empty()
            && let Some(kind) = self.then.pop()
        {
            return Err(kind.into());
        }
        let bytes = self.size.min(buffer.len()).min(self.bytes.len());
        buffer[..bytes].copy_from_slice(&self.bytes[..bytes]);
        self.bytes = &self.bytes[bytes..];
        Ok(bytes)
    }
}

fn chunked(bytes: &[u8], size: usize) -> Chunked<'_> {
    Chunked { bytes, size, interrupted: false, then: Vec::new() }
}

/// The mints and reasons that a list gives, and how it ended.
fn read_from(source: impl Read, shape: Shape) -> (Vec<String>, Result<(), ListError>) {
    let mut elements = Vec::new();
    let result = ListReader::new(BufReader::new(source), shape).read_all(|index, element| {
        assert_eq!(index, elements.len() as u64);
        elements.push(match element {
            Element::Token(token) => token.mint.into_owned(),
            Element::Malformed { reason, .. } => reason.to_string(),
        });
        Ok(())
    });
    (elements, result)
}

fn read(body: &str) -> (Vec<String>, Result<(), ListError>) {
    read_from(body.as_bytes(), Shape::ArrayOrTokenList)
}

const SOL: &str = "So11111111111111111111111111111111111111112";

fn sol() -> String {
    json!({"id": SOL, "name": "Wrapped \"SOL\" \\ 🟥", "decimals": 9, "usdPrice": -6.5e-06,
        "liquidity": 36.97, "n": -1.5E+3, "nothing": null, "yes": true, "no": false,
        "tags": ["lst", {"deep": [1, [2.25]]}], "text": "\u{1f}\u{e9}\u{1f7e5}"})
    .to_string()
    // Forms of numbers and text that serde_json does not write.
    .replace("-1500.0", "-1.5E+3")
    .replace('é', "\\u00e9")
    .replace('🟥', "\\ud83d\\udfe5")
}

#[track_caller]
fn check_whole(body: &str, elements: usize) {
    let (read, result) = read(body);
    assert!(result.is_ok(), "{body}: {result:?}");
    assert_eq!(read.len(), elements, "{body}");
}

#[track_caller]
fn check_invalid(body: &str, says: &str) {
    match read(body).1 {
        Err(ListError::Empty(error) | ListError::Invalid(error)) => {
            assert!(error.chain().contains(says), "{body}: {}", error.chain());
            assert_eq!(error.exit(), Exit::Protocol);
        }
        other => panic!("{body} came to {other:?}"),
    }
}

#[test]
fn lists_of_every_shape_are_read_to_their_end() {
    let sol = sol();
    check_whole("[]", 0);
    check_whole(" [ ] \n", 0);
    check_whole(&format!("[{sol}]"), 1);
    check_whole(&format!("\u{feff}\n[{sol} , {sol}\t,\r\n{sol}]  "), 3);
    check_whole(&format!(r#"{{"tokens":[{sol}]}}"#), 1);
    check_whole(
        &format!(r#"{{"name":"x","a":{{"tokens":[1]}},"b":[],"tokens":[{sol}],"v":1}}"#),
        1,
    );
    check_whole(r#"{"n": 1 , "tokens" : [ ] , "version":{"major":1}}"#, 0);
}

#[test]
fn only_an_array_is_a_list_of_the_api() {
    let (_, result) = read_from(r#"{"tokens":[]}"#.as_bytes(), Shape::Array);
    assert!(matches!(result, Err(ListError::Invalid(_))), "{result:?}");
}

#[test]
fn what_is_no_list_says_how_it_begins() {
    check_invalid("", "it is empty");
    check_invalid("  \n", "it is empty");
    check_invalid("<html><body>\n\nHi", "it begins with <html><body>");
    check_invalid("null", "it begins with null");
    check_invalid("\u{1b}[31m", "it begins with \\u{1b}[31m");
    check_invalid(r#"{"error":"x"}"#, "an object without tokens");
    check_invalid("{}", "an object without tokens");
    check_invalid("[] x", "more follows after its end");
    check_invalid("[][]", "more follows after its end");
}

#[test]
fn broken_json_is_not_read_on() {
    for body in ["[{]", "[1 2]", "[,1]", "[1,,2]", "[1,]", "[}", "[tru]", "[\"\u{1}\"]", "[1}"] {
        check_invalid(body, "its JSON is broken");
    }
    for body in [r#"{"a" 1}"#, r#"{"a":}"#, "{1:2}", r#"{"tokens":[]]"#] {
        check_invalid(body, "its JSON is broken");
    }
}

#[test]
fn elements_that_are_no_objects_are_handed_out_as_malformed() {
    let (elements, result) = read(r#"[1, "x", null, true, [1,2], -2.5e3, {}]"#);
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(elements.len(), 7);
    assert!(elements[..6].iter().all(|reason| reason == "it is not an object"), "{elements:?}");
    assert_eq!(elements[6], "it has no mint (id, address)");
}

/// Wherever the network breaks off, that is seen, and what came before is kept.
#[test]
fn a_list_cut_at_any_byte_is_truncated() {
    let sol = sol();
    let array = format!("[{sol},{sol} ,-12.5e-3,{sol}]");
    let object = format!(r#"{{"a":-1.5e+3,"b":{{"c":[true]}},"tokens":[{sol},{sol}],"d":"e"}}"#);
    for body in [array, object] {
        let (all, result) = read(&body);
        assert!(result.is_ok(), "{result:?}");
        for cut in 1..body.len() {
            let (some, result) = read_from(&body.as_bytes()[..cut], Shape::ArrayOrTokenList);
            assert!(
                matches!(result, Err(ListError::Truncated { elements }) if elements == some.len() as u64),
                "cut at {cut}: {result:?}"
            );
            // A number may look whole when it is cut.
            let whole =
                some.len().saturating_sub(usize::from(body.as_bytes()[cut - 1].is_ascii_digit()));
            assert_eq!(some[..whole], all[..whole], "cut at {cut}");
        }
    }
}

#[test]
fn it_does_not_matter_in_which_pieces_a_list_comes() {
    let sol = sol();
    let body = format!(r#"{{"x":-1.25e-7,"tokens":[{sol}, 12.5e-3 ,{sol}],"y":[]}}"#);
    let expected = read(&body).0;
    for size in [1, 2, 3, 5, 7, 64, 4096] {
        let (elements, result) = read_from(chunked(body.as_bytes(), size), Shape::ArrayOrTokenList);
        assert!(result.is_ok(), "pieces of {size}: {result:?}");
        assert_eq!(elements, expected, "pieces of {size}");
    }
}

/// A piece ends somewhere in every element then; a number cut after its sign, point or exponent was taken
/// for a broken one once.
#[test]
fn a_list_of_many_pieces_is_read_wherever_they_are_cut() {
    let body = format!("[{}{}]", format!("{},", sol()).repeat(1200), sol());
    for size in (10..4400).step_by(77) {
        let (elements, result) = read_from(chunked(body.as_bytes(), size), Shape::Array);
        assert!(result.is_ok(), "pieces of {size}: {result:?}");
        assert_eq!(elements.len(), 1201);
    }
}

#[test]
fn what_came_before_a_failure_of_the_source_is_handed_out_first() {
    for body in [format!("[{},{},", sol(), sol()), format!("[{},{}", sol(), sol())] {
        for size in [1, body.len() - 1, 10_000] {
            let mut source = chunked(body.as_bytes(), size);
            source.then = vec![ErrorKind::InvalidData, ErrorKind::ConnectionReset];
            let (elements, result) = read_from(source, Shape::Array);
            assert_eq!(elements.len(), 2, "pieces of {size}");
            match result {
                Err(ListError::Source(error)) => {
                    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "pieces of {size}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn whoever_takes_the_elements_may_stop() {
    let body = format!("[{},{}]", sol(), sol());
    let mut taken = 0;
    let result = ListReader::new(body.as_bytes(), Shape::Array).read_all(|_, _| {
        taken += 1;
        Err(Error::new(Exit::Failed, "enough"))
    });
    assert!(matches!(result, Err(ListError::Stopped(_))), "{result:?}");
    assert_eq!(taken, 1);
}

#[test]
fn an_element_has_a_largest_size() {
    let padded = |bytes: usize| {
        let start = r#"{"name":""#;
        let end = r#""}"#;
        format!("{start}{}{end}", "x".repeat(bytes - start.len() - end.len()))
    };
    check_whole(&format!("[{}]", padded(ELEMENT_BYTES_MAX)), 1);
    check_invalid(
        &format!("[{}]", padded(ELEMENT_BYTES_MAX + 1)),
        "element 0 is larger than 1 MiB",
    );
    check_invalid(&format!("[1,\"{}", "x".repeat(3 << 20)), "element 1 is larger than 1 MiB");
    check_invalid(&format!("[1,{}", "7".repeat(3 << 20)), "element 1 is larger than 1 MiB");
}

#[test]
fn an_element_has_a_greatest_depth() {
    let nested = |depth: usize| format!("[1,{}{}]", "[".repeat(depth), "]".repeat(depth));
    check_whole(&nested(DEPTH_MAX - 1), 2);
    check_invalid(&nested(DEPTH_MAX + 1), "element 1 is nested deeper than 128");
    check_invalid(&"[".repeat(5_000_000), "nested deeper than 128");
    let inside = format!(r#"{{"a":{}1{},"tokens":[]}}"#, "[".repeat(200), "]".repeat(200));
    check_invalid(&inside, "nested deeper than 128");
    let braces = format!("[{}", r#"{"a":"#.repeat(500_000));
    check_invalid(&braces, "nested deeper than 128");

    // In what is passed over, where the many are not deep.
    let token = |stats: &str| format!(r#"[{{"id":"{SOL}","decimals":9,"stats":{stats}}}]"#);
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    check_invalid(&token(&nested(DEPTH_MAX)), "element 0 is nested deeper than 128");
    check_whole(&token(&nested(DEPTH_MAX - 2)), 1);
    check_whole(&token(&format!("[{}1]", "{},".repeat(3 * DEPTH_MAX))), 1);
}

/// Any JSON, up to a few levels deep.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 20, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::hash_map(any::<String>(), inner, 0..5)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_list_of_json_is_read_in_any_pieces(
        list in prop::collection::vec(any_json(), 0..8),
        size in 1_usize..50,
        pretty in any::<bool>(),
    ) {
        let list = serde_json::Value::Array(list);
        let body = if pretty {
            serde_json::to_string_pretty(&list).expect("JSON")
        } else {
            list.to_string()
        };
        let (elements, result) = read_from(chunked(body.as_bytes(), size), Shape::Array);
        prop_assert!(result.is_ok(), "{:?}", result);
        prop_assert_eq!(elements.len(), list.as_array().expect("a list").len());
    }

    #[test]
    fn no_bytes_at_all_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_from(&bytes[..], Shape::ArrayOrTokenList);
        let _ = read_from(&[b"[", &bytes[..]].concat()[..], Shape::Array);
    }
}
