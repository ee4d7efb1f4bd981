//! The token lists: made once, streamed to files, and used again.
//!
//! A list depends on nothing but its size and the seed. Its objects are what the
//! API gives for a token that is traded: every field of the v2 shape and all four
//! groups of statistics, about 2.4 KB each.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use fastrand::Rng;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Part of every file's name: raise it when the lists change, so that old ones
/// are not taken for new ones.
const EDITION: u32 = 1;
const SEED: u64 = 0x7075_6e63_7475_616c;
/// What most gateways compress with, and zlib's own default.
const GZIP_LEVEL: u32 = 6;

const PROGRAMS: [&str; 2] =
    ["TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"];
const LAUNCHPADS: [&str; 5] = ["pump.fun", "letsbonk.fun", "moonshot", "met-dbc", "jup-studio"];
const TAGS: [&str; 7] = [
    "community",
    "strict",
    "moonshot",
    "birdeye-trending",
    "token-2022",
    "launchpad",
    "toporganicscore",
];
const ICONS: [&str; 3] = [
    "https://ipfs.io/ipfs/bafkrei",
    "https://raw.githubusercontent.com/solana-labs/token-list/main/assets/mainnet/",
    "https://static.example.net/hosting/tokens/",
];
const WORDS: [&str; 20] = [
    "Solar", "Moon", "Golden", "Wrapped", "Baby", "Staked", "Quantum", "Little", "Official", "Cat",
    "Dog", "Bonk", "Frog", "Protocol", "Finance", "Coin", "Network", "Dollar", "Inu", "Agent",
];
const ODD_WORDS: [&str; 5] = ["🚀", "日本", "عملة", "\"quoted\"", "Pe\u{301}pe"];

/// How a list travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Encoding {
    Plain,
    Gzip,
}

impl Encoding {
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Plain => "json",
            Self::Gzip => "json.gz",
        }
    }
}

/// What a database must hold after a list was stored: enough to notice rows that
/// are missing, doubled, or filled from the wrong field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Rows, and distinct mints.
    pub tokens: u64,
    /// The sum of all decimals.
    pub decimals: u64,
    /// The characters in all names and symbols.
    pub characters: u64,
}

impl Facts {
    /// Reads `tokens|decimals|characters`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim().split('|').map(|number| number.parse().ok());
        Some(Self {
            tokens: numbers.next()??,
            decimals: numbers.next()??,
            characters: numbers.next()??,
        })
    }
}

/// Where the lists of one cache directory are.
pub struct Lists {
    dir: PathBuf,
}

impl Lists {
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    pub fn path(&self, tokens: u64, encoding: Encoding) -> PathBuf {
        self.file(tokens, encoding.extension())
    }

    /// What a database must hold after the list of this size was stored.
    pub fn facts(&self, tokens: u64) -> io::Result<Facts> {
        let path = self.file(tokens, "facts");
        let text = fs::read_to_string(&path)?;
        Facts::parse(&text)
            .ok_or_else(|| io::Error::other(format!("{} is damaged: remove it", path.display())))
    }

    /// Makes what is missing of one list.
    pub fn make(&self, tokens: u64, encoding: Encoding) -> io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        let plain = self.path(tokens, Encoding::Plain);
        let facts = self.file(tokens, "facts");
        if !plain.exists() || !facts.exists() {
            let counted = create(&plain, |file| write_list(file, tokens))?;
            let Facts { tokens, decimals, characters } = counted;
            create(&facts, |file| writeln!(file, "{tokens}|{decimals}|{characters}"))?;
        }
        let packed = self.path(tokens, encoding);
        if !packed.exists() {
            create(&packed, |file| {
                let mut encoder = GzEncoder::new(file, Compression::new(GZIP_LEVEL));
                io::copy(&mut File::open(&plain)?, &mut encoder)?;
                encoder.finish().map(drop)
            })?;
        }
        Ok(())
    }

    fn file(&self, tokens: u64, extension: &str) -> PathBuf {
        self.dir.join(format!("tokens-{EDITION}-{tokens}.{extension}"))
    }
}

/// Writes a file under another name first, so that one that is there is whole.
fn create<T>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<T>,
) -> io::Result<T> {
    let unfinished = path.with_extension("unfinished");
    let mut file = BufWriter::new(File::create(&unfinished)?);
    let value = write(&mut file)?;
    file.flush()?;
    fs::rename(&unfinished, path)?;
    Ok(value)
}

fn write_list(out: &mut impl Write, tokens: u64) -> io::Result<Facts> {
    let mut rng = Rng::with_seed(SEED);
    let mut facts = Facts { tokens, ..Facts::default() };
    out.write_all(b"[")?;
    for index in 0..tokens {
        if index > 0 {
            out.write_all(b",")?;
        }
        write_token(out, &mut rng, &mut facts)?;
    }
    out.write_all(b"]")?;
    Ok(facts)
}

/// Writes one object, its fields in the order of the API's answers.
fn write_token(out: &mut impl Write, rng: &mut Rng, facts: &mut Facts) -> io::Result<()> {
    let mint = address(rng);
    let name = name(rng);
    let symbol: String = (0..rng.usize(3..9)).map(|_| rng.uppercase()).collect();
    let decimals = rng.choice([2_u8, 5, 6, 6, 6, 6, 8, 9, 9]).unwrap_or(6);
    facts.decimals += u64::from(decimals);
    facts.characters += (name.chars().count() + symbol.chars().count()) as u64;

    let icon = rng.choice(ICONS).unwrap_or_default();
    let supply = amount(rng, 1e10);
    let price = amount(rng, 1e-2);
    let created_at = instant(rng);
    write!(out, r#"{{"id":"{mint}","name":{},"symbol":"{symbol}""#, serde_json::to_string(&name)?)?;
    write!(out, r#","icon":"{icon}{mint}","decimals":{decimals}"#)?;
    write_links(out, rng, &symbol)?;
    write!(out, r#","dev":"{}","circSupply":{supply},"totalSupply":{supply}"#, address(rng))?;
    write!(out, r#","tokenProgram":"{}""#, PROGRAMS[usize::from(rng.u8(..) < 25)])?;
    write!(out, r#","launchpad":"{}""#, rng.choice(LAUNCHPADS).unwrap_or_default())?;
    write!(out, r#","createdAt":"{created_at}Z""#)?;
    write!(out, r#","firstPool":{{"id":"{}","createdAt":"{created_at}Z"}}"#, address(rng))?;
    write!(out, r#","holderCount":{}"#, rng.u32(1..900_000))?;
    write_audit(out, rng)?;
    write_score(out, rng)?;
    write!(out, r#","isVerified":true"#)?;
    write_tags(out, rng)?;
    write!(out, r#","fdv":{0},"mcap":{0},"usdPrice":{price}"#, supply * price)?;
    write!(
        out,
        r#","priceBlockId":{},"liquidity":{}"#,
        rng.u32(300_000_000..400_000_000),
        amount(rng, 1e6)
    )?;
    for (period, scale) in [("5m", 1e3), ("1h", 1e4), ("6h", 1e5), ("24h", 1e6)] {
        write_stats(out, rng, period, scale)?;
    }
    write!(out, r#","updatedAt":"{}.{:09}Z"}}"#, instant(rng), rng.u32(..1_000_000_000))
}

/// Links that many tokens have and some have not.
fn write_links(out: &mut impl Write, rng: &mut Rng, symbol: &str) -> io::Result<()> {
    for (field, site) in [
        ("twitter", "https://x.com/"),
        ("telegram", "https://t.me/"),
        ("website", "https://www.example.org/"),
    ] {
        if rng.bool() {
            write!(out, r#","{field}":"{site}{symbol}{}""#, rng.u32(..))?;
        }
    }
    Ok(())
}

fn write_audit(out: &mut impl Write, rng: &mut Rng) -> io::Result<()> {
    write!(
        out,
        r#","audit":{{"mintAuthorityDisabled":{},"freezeAuthorityDisabled":{},"topHoldersPercentage":{},"devMints":{}}}"#,
        rng.bool(),
        rng.bool(),
        rng.f64() * 100.0,
        rng.u8(..),
    )
}

fn write_score(out: &mut impl Write, rng: &mut Rng) -> io::Result<()> {
    let score = rng.f64() * 100.0;
    let label = ["low", "medium", "high"][usize::from(score > 33.0) + usize::from(score > 66.0)];
    write!(out, r#","organicScore":{score},"organicScoreLabel":"{label}""#)
}

/// `verified` and up to three others, in no order, as on the wire.
fn write_tags(out: &mut impl Write, rng: &mut Rng) -> io::Result<()> {
    let mut tags = vec!["verified"];
    let others = rng.usize(..4);
    tags.extend(rng.choose_multiple(TAGS, others));
    rng.shuffle(&mut tags);
    write!(out, r#","tags":{}"#, serde_json::to_string(&tags)?)
}

/// One group of statistics with all its thirteen numbers.
fn write_stats(out: &mut impl Write, rng: &mut Rng, period: &str, scale: f64) -> io::Result<()> {
    write!(out, r#","stats{period}":{{"priceChange":{}"#, change(rng))?;
    for field in ["holderChange", "liquidityChange", "volumeChange"] {
        write!(out, r#","{field}":{}"#, change(rng))?;
    }
    for field in ["buyVolume", "sellVolume", "buyOrganicVolume", "sellOrganicVolume"] {
        let volume = if quiet(rng) { 0.0 } else { amount(rng, scale) };
        write!(out, r#","{field}":{volume}"#)?;
    }
    for field in ["numBuys", "numSells", "numTraders", "numOrganicBuyers"] {
        write!(out, r#","{field}":{}"#, rng.u32(..100_000))?;
    }
    write!(out, r#","numNetBuyers":{}}}"#, rng.i32(-500..5_000))
}

/// Base58 of 32 random bytes: with that many bits no two are ever the same.
fn address(rng: &mut Rng) -> String {
    let mut bytes = [0; 32];
    rng.fill(&mut bytes);
    let mut text = [0; 44];
    let length = five8::encode_32(&bytes, &mut text);
    text[..usize::from(length)].iter().copied().map(char::from).collect()
}

/// Two or three words; one in sixteen is of the kind that parsers stumble over.
fn name(rng: &mut Rng) -> String {
    let mut words = rng.choose_multiple(WORDS, 2);
    if rng.u8(..) < 16 {
        words.extend(rng.choice(ODD_WORDS));
    }
    words.join(" ")
}

/// Says whether a number is zero because nothing was traded, as one in four is.
fn quiet(rng: &mut Rng) -> bool {
    rng.u8(..) < 64
}

/// A positive amount with as many digits as a float has, around `scale`.
fn amount(rng: &mut Rng, scale: f64) -> f64 {
    scale * 10_f64.powi(rng.i32(-2..3)) * (rng.f64() + 1e-3)
}

/// A change in percent, upwards or downwards.
fn change(rng: &mut Rng) -> f64 {
    if quiet(rng) { 0.0 } else { rng.f64() * 200.0 - 100.0 }
}

/// A time of day in the last years, without its zone.
fn instant(rng: &mut Rng) -> String {
    let (year, month, day) = (rng.u16(2021..2026), rng.u8(1..13), rng.u8(1..29));
    let (hour, minute, second) = (rng.u8(..24), rng.u8(..60), rng.u8(..60));
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}
