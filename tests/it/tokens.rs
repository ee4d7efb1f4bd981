//! Made-up tokens in the shape of the API.

use serde_json::{Value, json};

/// The mint numbered `n`: base58 of 32 bytes, spread over the whole range.
pub fn mint(n: u64) -> String {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&(n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    let mut text = [0; 44];
    let length = five8::encode_32(&bytes, &mut text);
    text[..usize::from(length)].iter().map(|byte| char::from(*byte)).collect()
}

pub fn token(n: u64) -> Value {
    json!({
        "id": mint(n),
        "name": format!("Token {n}"),
        "symbol": format!("T{n}"),
        "icon": format!("https://example.com/{n}.png"),
        "decimals": n % 10,
        "tokenProgram": "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
        "createdAt": "2025-10-05T08:02:33Z",
        "isVerified": true,
        "tags": ["verified", "community"],
        "usdPrice": 6.565744293276485e-06,
        "stats24h": {"priceChange": -1.25, "numBuys": 7},
    })
}

/// The tokens of a range, as the API lists them.
pub fn list(range: std::ops::Range<u64>) -> String {
    Value::Array(range.map(token).collect()).to_string()
}

/// These elements as a list.
pub fn list_of(elements: impl IntoIterator<Item = Value>) -> String {
    Value::Array(elements.into_iter().collect()).to_string()
}
