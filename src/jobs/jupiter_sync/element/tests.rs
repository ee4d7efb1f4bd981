use proptest::prelude::*;
use serde_json::json;

use super::*;

const SOL: &str = "So11111111111111111111111111111111111111112";

fn read(json: &serde_json::Value) -> Element<'static> {
    read_text_of(&json.to_string())
}

fn read_text_of(json: &str) -> Element<'static> {
    let (element, bytes) = Element::read(json.as_bytes()).expect("JSON");
    assert_eq!(bytes, json.len(), "{json}");
    element.into_owned()
}

#[track_caller]
fn token(json: &serde_json::Value) -> Token<'static> {
    match read(json) {
        Element::Token(token) => token,
        malformed => panic!("{json} is {malformed:?}"),
    }
}

#[track_caller]
fn check_malformed(json: &str, says: &str) {
    match read_text_of(json) {
        Element::Malformed { reason, .. } => assert_eq!(reason.to_string(), says, "{json}"),
        token => panic!("{json} is {token:?}"),
    }
}

fn text(text: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(text))
}

#[test]
fn an_element_of_today_is_read_field_by_field() {
    let found = token(&json!({
        "id": SOL, "name": "Wrapped SOL", "symbol": "SOL", "icon": "https://i", "decimals": 9,
        "website": "https://w", "twitter": "https://t", "tokenProgram": "Tokenkeg",
        "createdAt": "2024-01-01T00:00:00Z", "launchpad": "pump.fun", "mintAuthority": "M",
        "freezeAuthority": "F", "isVerified": true, "tags": ["verified", "lst"], "usdPrice": 1.5,
    }));
    let expected = Token {
        mint: SOL.into(),
        name: text("Wrapped SOL"),
        symbol: text("SOL"),
        decimals: 9,
        icon: text("https://i"),
        token_program: text("Tokenkeg"),
        tags: r#"["lst","verified"]"#.into(),
        is_verified: Some(true),
        created_at: text("2024-01-01T00:00:00Z"),
        website: text("https://w"),
        twitter: text("https://t"),
        launchpad: text("pump.fun"),
        mint_authority: text("M"),
        freeze_authority: text("F"),
    };
    assert_eq!(found, expected);
}

#[test]
fn the_names_of_older_lists_are_understood() {
    let found = token(&json!({
        "address": SOL, "logoURI": "https://i", "decimals": 9, "created_at": "2024",
        "mint_authority": "M", "freeze_authority": null, "chainId": 101,
        "extensions": {"website": "https://w", "twitter": 5, "coingeckoId": "solana"},
    }));
    assert_eq!(found.mint, SOL);
    assert_eq!((found.icon, found.created_at), (text("https://i"), text("2024")));
    assert_eq!((found.mint_authority, found.freeze_authority), (text("M"), None));
    assert_eq!((found.website, found.twitter), (text("https://w"), None));
    assert_eq!(token(&json!({"mint": SOL, "decimals": 0})).mint, SOL);
}

#[test]
fn a_null_under_one_name_leaves_the_other_to_count() {
    let found =
        token(&json!({"id": null, "address": SOL, "decimals": 1, "icon": null, "logoURI": "l"}));
    assert_eq!((&*found.mint, found.icon), (SOL, text("l")));
}

#[test]
fn decimals_are_whole_numbers_of_a_byte() {
    for (decimals, expected) in
        [("0", 0), ("6", 6), ("255", 255), ("6.0", 6), ("6e0", 6), ("0.6e1", 6), ("-0.0", 0)]
    {
        let json = format!(r#"{{"id":"{SOL}","decimals":{decimals}}}"#);
        match read_text_of(&json) {
            Element::Token(token) => assert_eq!(token.decimals, expected, "{decimals}"),
            malformed => panic!("{decimals} is {malformed:?}"),
        }
    }
    for decimals in ["256", "-1", "6.5", "\"6\"", "1e400", "true", "[6]", "99999999999999999999999"]
    {
        let says = format!("its decimals {decimals} are not a whole number from 0 to 255");
        check_malformed(&format!(r#"{{"id":"{SOL}","decimals":{decimals}}}"#), &says);
    }
    check_malformed(&format!(r#"{{"id":"{SOL}"}}"#), "it has no decimals");
    check_malformed(&format!(r#"{{"id":"{SOL}","decimals":null}}"#), "it has no decimals");
}

#[test]
fn a_mint_is_base58_of_32_bytes() {
    for mint in
        ["11111111111111111111111111111111", SOL, "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN"]
    {
        assert_eq!(token(&json!({"id": mint, "decimals": 1})).mint, mint);
    }
    let longer = "1".repeat(33);
    for mint in
        ["", "SOL", &SOL[1..], "0o11111111111111111111111111111111111111112", "ž", &longer, "a b"]
    {
        let says = format!("its mint \"{mint}\" is not base58 of 32 bytes");
        check_malformed(&json!({"id": mint, "decimals": 1}).to_string(), &says);
    }
    check_malformed(r#"{"id":7,"decimals":1}"#, "its mint 7 is not base58 of 32 bytes");
    check_malformed("{}", "it has no mint (id, address)");
}

#[test]
fn a_malformed_element_with_a_good_mint_was_at_least_seen() {
    let seen = read(&json!({"id": SOL, "decimals": "x"}));
    assert!(matches!(seen, Element::Malformed { mint: Some(mint), .. } if mint == SOL));
}

#[test]
fn what_is_no_object_is_malformed() {
    for json in ["1", "-2.5e3", "\"x\"", "null", "true", "[]", "[{}]"] {
        check_malformed(json, "it is not an object");
    }
}

#[test]
fn a_field_of_another_type_counts_as_missing() {
    let found = token(&json!({
        "id": SOL, "decimals": 1, "name": 1, "symbol": ["S"], "icon": {"url": "x"},
        "tags": "verified", "isVerified": "true", "createdAt": 5, "extensions": ["website"],
    }));
    assert_eq!((found.name, found.symbol, found.icon), (None, None, None));
    assert_eq!((&*found.tags, found.is_verified, found.created_at), ("[]", None, None));
    assert_eq!(found.website, None);
}

#[test]
fn tags_are_sorted_text_without_doubles() {
    let tags =
        |tags: serde_json::Value| token(&json!({"id": SOL, "decimals": 1, "tags": tags})).tags;
    assert_eq!(tags(json!(["b", "a", "b", null, 7, "é\"\\"])), r#"["a","b","é\"\\"]"#);
    assert_eq!(tags(json!([])), "[]");
    assert_eq!(tags(json!(null)), "[]");
    assert_eq!(union_of_tags(r#"["b","c"]"#, r#"["a","b"]"#), r#"["a","b","c"]"#);
    assert_eq!(union_of_tags("broken", r#"["a"]"#), r#"["a"]"#);
}

#[test]
fn text_is_kept_but_for_nul() {
    let name = |name: &str| {
        token(&json!({"id": SOL, "decimals": 1, "name": name})).name.expect("a name").into_owned()
    };
    for kept in [
        "",
        " AVP🍏 ",
        "\u{1b}[AzZEC",
        "\u{202e}عربي",
        "a\u{300}\u{200d}",
        "\u{feff}\u{7f}\u{85}",
        "NULL",
    ] {
        assert_eq!(name(kept), kept);
    }
    assert_eq!(name("a\0b\0"), "ab");
    let long = "é".repeat(100_000);
    assert_eq!(name(&long), long);
}

#[test]
fn half_a_surrogate_pair_and_invalid_utf8_become_replacement_characters() {
    let json = format!(r#"{{"id":"{SOL}","decimals":1,"name":"a\ud83db","symbol":"\udc00"}}"#);
    let Element::Token(found) = read_text_of(&json) else { panic!("a token") };
    let name = found.name.expect("a name");
    assert!(name.starts_with('a') && name.ends_with('b') && name.contains('\u{fffd}'), "{name:?}");
    assert!(found.symbol.expect("a symbol").contains('\u{fffd}'));

    let mut json = format!(r#"{{"id":"{SOL}","decimals":1,"name":"a?b"}}"#).into_bytes();
    let position = json.iter().position(|byte| *byte == b'?').expect("there");
    json[position] = 0xff;
    let (element, bytes) = Element::read(&json).expect("readable");
    assert_eq!(bytes, json.len());
    let Element::Token(found) = element else { panic!("a token") };
    assert_eq!(found.name, text("a\u{fffd}b"));
}

#[test]
fn a_key_that_is_no_text_is_an_unknown_one() {
    let json = format!(r#"{{"\ud800":{{"a":1}},"?":2,"id":"{SOL}","n\u0061me":"a","decimals":1}}"#);
    let json: Vec<u8> = json.bytes().map(|byte| if byte == b'?' { 0xff } else { byte }).collect();
    let (element, bytes) = Element::read(&json).expect("readable");
    assert_eq!(bytes, json.len());
    let Element::Token(found) = element else { panic!("{element:?}") };
    assert_eq!((&*found.mint, found.name), (SOL, text("a")));
}

#[test]
fn of_a_key_that_comes_twice_the_last_one_counts() {
    let json = format!(r#"{{"id":"x","decimals":1,"name":"a","id":"{SOL}","name":"b"}}"#);
    let Element::Token(found) = read_text_of(&json) else { panic!("a token") };
    assert_eq!((&*found.mint, found.name), (SOL, text("b")));
}

#[test]
fn only_the_element_itself_is_taken() {
    let json = format!(r#"{{"id":"{SOL}","decimals":1}},{{"id":"#);
    let (element, bytes) = Element::read(json.as_bytes()).expect("an element");
    assert!(matches!(element, Element::Token(_)));
    assert_eq!(&json[bytes..bytes + 1], ",");
}

#[test]
fn depth_is_counted_and_not_brackets() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth)).into_bytes();
    assert!(!is_too_deep(&nested(DEPTH_MAX - 1)));
    assert!(is_too_deep(&nested(DEPTH_MAX + 1)));
    assert!(!is_too_deep(format!("[{}[]]", "[],".repeat(1000)).as_bytes()));
    assert!(!is_too_deep(format!("\"{}\"", "[".repeat(1000)).as_bytes()));
}

fn any_text() -> impl Strategy<Value = Option<String>> {
    // serde_json writes everything else as it came.
    prop::option::of(any::<String>().prop_map(|text| text.replace('\0', "")))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_token_that_is_written_is_read_back(
        bytes in any::<[u8; 32]>(),
        decimals in any::<u8>(),
        texts in prop::collection::vec(any_text(), 4),
        tags in prop::collection::btree_set("[a-z]{1,9}", 0..5),
        is_verified in any::<Option<bool>>(),
        escaped in any::<bool>(),
    ) {
        let mut encoded = [0; 44];
        let length = five8::encode_32(&bytes, &mut encoded);
        let mint = std::str::from_utf8(&encoded[..usize::from(length)]).expect("ASCII");
        let mut json = json!({
            "id": mint, "decimals": decimals, "name": texts[0], "symbol": texts[1],
            "icon": texts[2], "tokenProgram": texts[3], "tags": tags, "isVerified": is_verified,
        }).to_string();
        if escaped {
            json = json.chars().map(|c| {
                let mut units = [0; 2];
                match c {
                    '\u{80}'.. => c.encode_utf16(&mut units).iter().map(|u| format!("\\u{u:04x}")).collect(),
                    _ => c.to_string(),
                }
            }).collect();
        }
        let Element::Token(found) = read_text_of(&json) else { panic!("a token") };
        prop_assert_eq!(&found.mint, mint);
        prop_assert_eq!(found.decimals, decimals);
        prop_assert_eq!(found.name.as_deref(), texts[0].as_deref());
        prop_assert_eq!(found.symbol.as_deref(), texts[1].as_deref());
        prop_assert_eq!(found.icon.as_deref(), texts[2].as_deref());
        prop_assert_eq!(found.token_program.as_deref(), texts[3].as_deref());
        prop_assert_eq!(&*found.tags, serde_json::to_string(&tags).expect("text"));
        prop_assert_eq!(found.is_verified, is_verified);
    }
}
