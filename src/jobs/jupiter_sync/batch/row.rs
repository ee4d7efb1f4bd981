//! How a row is kept between parser and store: what has a fixed size, then its texts, one behind the
//! other, so that reading it checks their UTF-8 at once and not field by field.

use std::borrow::Cow;

use super::super::element::Token;

/// Texts of a token apart from its mint, which is in the batch's entry.
const TEXTS: usize = 11;

/// The length of a text that is missing.
const MISSING: u32 = u32::MAX;

/// Writes `token`, but for its mint, to the end of `buffer`.
pub fn encode(token: &Token<'_>, buffer: &mut Vec<u8>) {
    let texts: [Option<&str>; TEXTS] = [
        Some(&token.tags),
        token.name.as_deref(),
        token.symbol.as_deref(),
        token.icon.as_deref(),
        token.token_program.as_deref(),
        token.created_at.as_deref(),
        token.website.as_deref(),
        token.twitter.as_deref(),
        token.launchpad.as_deref(),
        token.mint_authority.as_deref(),
        token.freeze_authority.as_deref(),
    ];
    for text in texts {
        let length = text.map_or(MISSING, |text| text.len() as u32);
        buffer.extend_from_slice(&length.to_le_bytes());
    }
    let is_verified = token.is_verified.map_or(u8::MAX, u8::from);
    buffer.extend_from_slice(&[token.decimals, is_verified]);
    for text in texts.into_iter().flatten() {
        buffer.extend_from_slice(text.as_bytes());
    }
}

/// The token that was written as `row`; nothing where that is no row.
pub fn decode<'a>(mint: &'a str, row: &'a [u8]) -> Option<Token<'a>> {
    let (lengths, row) = row.split_first_chunk::<{ 4 * TEXTS }>()?;
    let (&[decimals, is_verified], texts) = row.split_first_chunk()?;
    let mut lengths = lengths.as_chunks().0.iter();
    let mut texts = std::str::from_utf8(texts).ok()?;
    let mut next = || {
        let length = u32::from_le_bytes(*lengths.next()?);
        if length == MISSING {
            return Some(None);
        }
        let (text, rest) = texts.split_at_checked(length as usize)?;
        texts = rest;
        Some(Some(Cow::Borrowed(text)))
    };
    let token = Token {
        mint: Cow::Borrowed(mint),
        tags: next()??,
        name: next()?,
        symbol: next()?,
        decimals,
        icon: next()?,
        token_program: next()?,
        is_verified: (is_verified != u8::MAX).then_some(is_verified != 0),
        created_at: next()?,
        website: next()?,
        twitter: next()?,
        launchpad: next()?,
        mint_authority: next()?,
        freeze_authority: next()?,
    };
    texts.is_empty().then_some(token)
}

#[cfg(test)]
mod tests {
    use super::super::super::fixtures;
    use super::*;

    fn text(text: &str) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(text))
    }

    #[test]
    fn a_row_comes_back_with_what_is_missing_and_what_is_empty() {
        let full = Token {
            mint: fixtures::tokens::mint(1).into(),
            name: text("name"),
            symbol: text(""),
            decimals: u8::MAX,
            icon: text("icon 🪐"),
            token_program: text("program"),
            tags: Cow::Borrowed(r#"["a","b"]"#),
            is_verified: Some(false),
            created_at: text("created"),
            website: text("website"),
            twitter: text("twitter"),
            launchpad: text("launchpad"),
            mint_authority: text("mint authority"),
            freeze_authority: text("freeze authority"),
        };
        let bare =
            Token { name: None, symbol: None, tags: Cow::Borrowed("[]"), ..fixtures::token(1) };
        let verified = Token { is_verified: Some(true), decimals: 0, ..bare.clone() };
        for token in [full, bare, verified] {
            let mut row = Vec::new();
            encode(&token, &mut row);
            assert_eq!(decode(&token.mint, &row).as_ref(), Some(&token));
            for end in 0..row.len() {
                assert_eq!(decode(&token.mint, &row[..end]), None, "{end} bytes of {}", row.len());
            }
            row.push(b'x');
            assert_eq!(decode(&token.mint, &row), None, "more than a row");
        }
    }
}
