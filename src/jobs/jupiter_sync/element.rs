//! One element of a list: which fields are read, and what makes it well-formed.
//!
//! Reading is lenient, because real lists are odd (`ODDITIES.md` of the captures counts it): a
//! field of an unexpected type counts as missing, an unknown one is ignored, of a key that comes
//! twice the last one counts. Only the mint and the decimals must be right.

mod scan;

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Nesting that is accepted; the same limit as serde_json's own.
pub const DEPTH_MAX: usize = 128;

/// A token as it is stored. Text is that of the source, with NUL removed.
#[derive(Clone, Debug, PartialEq)]
pub struct Token<'a> {
    /// Base58 of 32 bytes. The only key: names and symbols are not unique.
    pub mint: Cow<'a, str>,
    pub name: Option<Cow<'a, str>>,
    pub symbol: Option<Cow<'a, str>>,
    pub decimals: u8,
    pub icon: Option<Cow<'a, str>>,
    pub token_program: Option<Cow<'a, str>>,
    /// A JSON array of text, sorted, without doubles; `[]` when there are none.
    pub tags: Cow<'a, str>,
    pub is_verified: Option<bool>,
    /// As the source writes it.
    pub created_at: Option<Cow<'a, str>>,
    pub website: Option<Cow<'a, str>>,
    pub twitter: Option<Cow<'a, str>>,
    pub launchpad: Option<Cow<'a, str>>,
    pub mint_authority: Option<Cow<'a, str>>,
    pub freeze_authority: Option<Cow<'a, str>>,
}

/// Why an element is not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Malformed {
    NotAnObject,
    MintMissing,
    MintInvalid(String),
    DecimalsMissing,
    DecimalsInvalid(String),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::NotAnObject => f.write_str("it is not an object"),
            Malformed::MintMissing => f.write_str("it has no mint (id, address)"),
            Malformed::MintInvalid(text) => write!(f, "its mint {text} is not base58 of 32 bytes"),
            Malformed::DecimalsMissing => f.write_str("it has no decimals"),
            Malformed::DecimalsInvalid(text) => {
                write!(f, "its decimals {text} are not a whole number from 0 to 255")
            }
        }
    }
}

/// What an element turned out to be.
#[derive(Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "it lives on the stack, and nearly all are tokens")]
pub enum Element<'a> {
    Token(Token<'a>),
    /// Not stored. Where the mint is valid, it was at least seen.
    Malformed {
        reason: Malformed,
        mint: Option<Cow<'a, str>>,
    },
}

/// Why there is no element.
#[derive(Debug)]
pub enum ReadError {
    /// It is cut off, or no JSON.
    Json(serde_json::Error),
    /// It is nested deeper than [`DEPTH_MAX`].
    TooDeep,
}

impl<'a> Element<'a> {
    /// Reads the element at the start of `json`, and tells how many bytes it takes.
    pub fn read(json: &'a [u8]) -> Result<(Self, usize), ReadError> {
        if let Some(scanned) = scan::fields(json).filter(|scanned| scanned.openings <= DEPTH_MAX) {
            return Ok((scanned.fields.into_element(), scanned.bytes));
        }
        let mut values = serde_json::Deserializer::from_slice(json).into_iter::<Fields<'a>>();
        let (element, bytes) = match values.next() {
            Some(Ok(fields)) => (fields.into_element(), values.byte_offset()),
            Some(Err(error)) if error.is_eof() => return Err(ReadError::Json(error)),
            Some(Err(_)) | None => Self::read_odd(json).map_err(ReadError::Json)?,
        };
        if is_too_deep(&json[..bytes]) {
            return Err(ReadError::TooDeep);
        }
        Ok((element, bytes))
    }

    /// Reads what is no object in clean UTF-8: something else, or invalid UTF-8 in a field.
    fn read_odd(json: &'a [u8]) -> Result<(Self, usize), serde_json::Error> {
        let mut values = serde_json::Deserializer::from_slice(json).into_iter::<IgnoredAny>();
        match values.next() {
            Some(Ok(IgnoredAny)) => {}
            Some(Err(error)) => return Err(error),
            // Nothing but white space: the caller does not ask then.
            None => return Ok((Self::not_an_object(), json.len())),
        }
        let length = values.byte_offset();
        let repaired = String::from_utf8_lossy(&json[..length]);
        let element = match serde_json::from_str::<Fields<'_>>(&repaired) {
            Ok(fields) => fields.into_element().into_owned(),
            Err(_) => Self::not_an_object(),
        };
        Ok((element, length))
    }

    fn not_an_object() -> Self {
        Self::Malformed { reason: Malformed::NotAnObject, mint: None }
    }

    fn into_owned<'b>(self) -> Element<'b> {
        match self {
            Element::Token(token) => Element::Token(token.into_owned()),
            Element::Malformed { reason, mint } => {
                Element::Malformed { reason, mint: mint.map(owned) }
            }
        }
    }
}

fn owned<'b>(text: Cow<'_, str>) -> Cow<'b, str> {
    Cow::Owned(text.into_owned())
}

impl Token<'_> {
    fn into_owned<'b>(self) -> Token<'b> {
        Token {
            mint: owned(self.mint),
            name: self.name.map(owned),
            symbol: self.symbol.map(owned),
            decimals: self.decimals,
            icon: self.icon.map(owned),
            token_program: self.token_program.map(owned),
            tags: owned(self.tags),
            is_verified: self.is_verified,
            created_at: self.created_at.map(owned),
            website: self.website.map(owned),
            twitter: self.twitter.map(owned),
            launchpad: self.launchpad.map(owned),
            mint_authority: self.mint_authority.map(owned),
            freeze_authority: self.freeze_authority.map(owned),
        }
    }
}

/// The keys that are read. v2 names come first, then those of v1 and of token lists.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Id,
    Address,
    Mint,
    Name,
    Symbol,
    Decimals,
    Icon,
    LogoUri,
    TokenProgram,
    Tags,
    IsVerified,
    CreatedAt,
    CreatedAtV1,
    Website,
    Twitter,
    Launchpad,
    MintAuthority,
    MintAuthorityV1,
    FreezeAuthority,
    FreezeAuthorityV1,
    Extensions,
    Unknown,
}

impl Key {
    fn of(name: &[u8]) -> Self {
        match name {
            b"id" => Key::Id,
            b"address" => Key::Address,
            b"mint" => Key::Mint,
            b"name" => Key::Name,
            b"symbol" => Key::Symbol,
            b"decimals" => Key::Decimals,
            b"icon" => Key::Icon,
            b"logoURI" => Key::LogoUri,
            b"tokenProgram" => Key::TokenProgram,
            b"tags" => Key::Tags,
            b"isVerified" => Key::IsVerified,
            b"createdAt" => Key::CreatedAt,
            b"created_at" => Key::CreatedAtV1,
            b"website" => Key::Website,
            b"twitter" => Key::Twitter,
            b"launchpad" => Key::Launchpad,
            b"mintAuthority" => Key::MintAuthority,
            b"mint_authority" => Key::MintAuthorityV1,
            b"freezeAuthority" => Key::FreezeAuthority,
            b"freeze_authority" => Key::FreezeAuthorityV1,
            b"extensions" => Key::Extensions,
            _ => Key::Unknown,
        }
    }
}

/// Reads a key without copying it.
struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        // As bytes, for a key may be no text: invalid UTF-8, half a surrogate pair.
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<Key, E> {
        Ok(Key::of(name))
    }
}

/// A value, unread.
#[derive(Clone, Copy)]
enum Value<'a> {
    /// A text without escapes, and so without NUL: what is between its quotes.
    PlainText(&'a str),
    /// Any value, a text too, as it stands in the source.
    Json(&'a str),
}

impl<'a> Value<'a> {
    fn json(self) -> Cow<'a, str> {
        match self {
            Self::PlainText(text) => Cow::Owned(format!("\"{text}\"")),
            Self::Json(json) => Cow::Borrowed(json),
        }
    }

    /// What is no plain text, as it stands in the source.
    fn other(self) -> Option<&'a str> {
        match self {
            Self::PlainText(_) => None,
            Self::Json(json) => Some(json),
        }
    }

    /// The text that it is, if it is one.
    fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::PlainText(text) => Some(Cow::Borrowed(text)),
            Self::Json(json) => read_text(json),
        }
    }
}

/// The values of the known keys.
struct Fields<'a>([Option<Value<'a>>; Key::Unknown as usize]);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Fields([None; Key::Unknown as usize]);
                while let Some(key) = map.next_key_seed(KeySeed)? {
                    match fields.0.get_mut(key as usize) {
                        Some(field) => {
                            *field = Some(Value::Json(map.next_value::<&RawValue>()?.get()));
                        }
                        None => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}

impl<'a> Fields<'a> {
    /// The value of a key; `null` counts as missing.
    fn value(&self, key: Key) -> Option<Value<'a>> {
        self.0[key as usize].filter(|value| !matches!(value, Value::Json("null")))
    }

    /// The same where it is no plain text.
    fn json(&self, key: Key) -> Option<&'a str> {
        self.value(key).and_then(Value::other)
    }

    /// The text under the first of `keys` that holds one.
    fn text(&self, keys: &[Key]) -> Option<Cow<'a, str>> {
        keys.iter().find_map(|key| self.value(*key).and_then(Value::text))
    }

    /// A text of the object under `extensions`, where token lists keep links.
    fn extension(&self, name: &str) -> Option<Cow<'a, str>> {
        // An object of objects of unknown shape; looked at only where it mentions the name.
        let raw = self.json(Key::Extensions).filter(|raw| raw.contains(name))?;
        let extensions: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(raw).ok()?;
        extensions.get(name)?.as_str().map(|text| without_nul(Cow::Owned(text.to_owned())))
    }

    fn into_element(self) -> Element<'a> {
        let mint = match self.mint() {
            Ok(mint) => mint,
            Err(reason) => return Element::Malformed { reason, mint: None },
        };
        let decimals = match self.decimals() {
            Ok(decimals) => decimals,
            Err(reason) => return Element::Malformed { reason, mint: Some(mint) },
        };
        Element::Token(Token {
            mint,
            name: self.text(&[Key::Name]),
            symbol: self.text(&[Key::Symbol]),
            decimals,
            icon: self.text(&[Key::Icon, Key::LogoUri]),
            token_program: self.text(&[Key::TokenProgram]),
            tags: self.tags(),
            is_verified: self.json(Key::IsVerified).and_then(|raw| raw.parse().ok()),
            created_at: self.text(&[Key::CreatedAt, Key::CreatedAtV1]),
            website: self.text(&[Key::Website]).or_else(|| self.extension("website")),
            twitter: self.text(&[Key::Twitter]).or_else(|| self.extension("twitter")),
            launchpad: self.text(&[Key::Launchpad]),
            mint_authority: self.text(&[Key::MintAuthority, Key::MintAuthorityV1]),
            freeze_authority: self.text(&[Key::FreezeAuthority, Key::FreezeAuthorityV1]),
        })
    }

    fn mint(&self) -> Result<Cow<'a, str>, Malformed> {
        let value = [Key::Id, Key::Address, Key::Mint]
            .into_iter()
            .find_map(|key| self.value(key))
            .ok_or(Malformed::MintMissing)?;
        let invalid = || Malformed::MintInvalid(crate::text::excerpt(&value.json(), 60));
        let mint = value.text().ok_or_else(invalid)?;
        let mut bytes = [0; 32];
        five8::decode_32(mint.as_bytes(), &mut bytes).map_err(|_| invalid())?;
        Ok(mint)
    }

    fn decimals(&self) -> Result<u8, Malformed> {
        let value = self.value(Key::Decimals).ok_or(Malformed::DecimalsMissing)?;
        let json = value.json();
        if let Ok(decimals) = json.parse::<u8>() {
            return Ok(decimals);
        }
        // 6.0 and 6e0 are whole numbers as well.
        match serde_json::from_str::<f64>(&json) {
            Ok(number) if number.fract() == 0.0 && (0.0..=255.0).contains(&number) => {
                Ok(number as u8)
            }
            _ => Err(Malformed::DecimalsInvalid(crate::text::excerpt(&json, 60))),
        }
    }

    /// The tags sorted, as a JSON array; other things among them are left out.
    fn tags(&self) -> Cow<'a, str> {
        let empty = Cow::Borrowed("[]");
        let Some(raw) = self.json(Key::Tags) else { return empty };
        let Ok(values) = serde_json::from_str::<Vec<&RawValue>>(raw) else { return empty };
        let texts = values.into_iter().filter_map(|value| read_text(value.get()));
        tags_json(texts.collect())
    }
}

/// `tags` sorted and without doubles, as a JSON array.
fn tags_json<'b>(mut tags: Vec<Cow<'_, str>>) -> Cow<'b, str> {
    tags.sort_unstable();
    tags.dedup();
    // Text always serialises.
    Cow::Owned(serde_json::to_string(&tags).unwrap_or_else(|_| "[]".to_owned()))
}

/// The union of two stored arrays of tags, in the stored form.
pub fn union_of_tags(one: &str, other: &str) -> String {
    let read = |json: &str| serde_json::from_str::<Vec<String>>(json).unwrap_or_default();
    let tags = read(one).into_iter().chain(read(other)).map(Cow::Owned).collect();
    tags_json(tags).into_owned()
}

/// The text of a raw JSON value, without NUL; nothing when it is no text. Half a surrogate pair
/// becomes U+FFFD.
fn read_text(raw: &str) -> Option<Cow<'_, str>> {
    let quoted = raw.strip_prefix('"')?.strip_suffix('"')?;
    if !quoted.as_bytes().contains(&b'\\') {
        // A JSON text holds no bare control characters, so no NUL either.
        return Some(Cow::Borrowed(quoted));
    }
    let text = match serde_json::from_str::<String>(raw) {
        Ok(text) => text,
        Err(_) => serde_json::Deserializer::from_str(raw).deserialize_bytes(LossyText).ok()?,
    };
    Some(without_nul(Cow::Owned(text)))
}

fn without_nul(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { text }
}

/// Text that may hold half a surrogate pair: serde_json hands such text out as bytes only.
struct LossyText;

impl Visitor<'_> for LossyText {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<String, E> {
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// Whether the value at the start of `json` is nested deeper than [`DEPTH_MAX`].
pub fn is_too_deep(json: &[u8]) -> bool {
    // The cheap look comes first: hardly any value has so many openings at all.
    if memchr::memchr2_iter(b'[', b'{', json).nth(DEPTH_MAX).is_none() {
        return false;
    }
    let mut values = serde_json::Deserializer::from_slice(json).into_iter::<Nested>();
    match values.next() {
        Some(Err(error)) => error.to_string().contains("recursion limit exceeded"),
        _ => false,
    }
}

/// A value that is read recursively, so that serde_json's limit applies; ignoring a value is
/// not recursive and knows none.
struct Nested;

impl<'de> Deserialize<'de> for Nested {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Nested)
    }
}

impl<'de> Visitor<'de> for Nested {
    type Value = Nested;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Nested, E> {
        Ok(Nested)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Nested, E> {
        Ok(Nested)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Nested, E> {
        Ok(Nested)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Nested, E> {
        Ok(Nested)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Nested, E> {
        Ok(Nested)
    }

    fn visit_str<E>(self, _: &str) -> Result<Nested, E> {
        Ok(Nested)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Nested, A::Error> {
        while seq.next_element::<Nested>()?.is_some() {}
        Ok(Nested)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Nested, A::Error> {
        while map.next_key::<IgnoredAny>()?.is_some() {
            map.next_value::<Nested>()?;
        }
        Ok(Nested)
    }
}

#[cfg(test)]
mod tests;
