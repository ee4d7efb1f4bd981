use std::borrow::Cow;

use super::*;
use crate::jobs::jupiter_sync::fixtures::{self, tokens::mint};

/// A token whose row takes about so many bytes.
fn token(n: u64, name_bytes: usize) -> Token<'static> {
    Token { name: Some(Cow::Owned("x".repeat(name_bytes))), ..fixtures::token(n) }
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

#[test]
fn rows_come_back_whether_they_were_in_memory_or_on_disk() {
    let directory = directory();
    let mut batch = Batch::new(3000, directory.path());
    let tokens: Vec<Token<'_>> = (0..3000).map(|n| token(n, 2000)).collect();
    for token in &tokens {
        batch.push(token).expect("pushed");
    }
    assert!(batch.file_bytes > 0 && !batch.buffer.is_empty(), "both places are used");
    let left = std::fs::read_dir(directory.path()).expect("a directory").count();
    assert_eq!(left, 0, "the file has no name, so nothing is left behind by a kill");

    batch.sort();
    let entries = batch.entries();
    assert_eq!(entries.len(), tokens.len());
    assert!(entries.windows(2).all(|pair| pair[0].mint() < pair[1].mint()));
    let mut scratch = Vec::new();
    for entry in entries {
        let row = batch.row(entry, &mut scratch).expect("its row");
        let original = tokens.iter().find(|token| token.mint == row.mint).expect("one of them");
        assert_eq!(&row, original);
        assert_eq!(entry.mint(), row.mint);
    }
}

#[test]
fn entries_of_one_mint_keep_the_order_in_which_they_came() {
    let directory = directory();
    let mut batch = Batch::new(3000, directory.path());
    batch.push_sighting(&mint(1));
    for (n, bytes) in [(1, 1), (0, 5), (1, 2), (1, 3)] {
        batch.push(&token(n, bytes)).expect("pushed");
    }
    batch.sort();
    let entries = batch.entries();
    let mut scratch = Vec::new();
    let of_one: Vec<usize> = entries
        .iter()
        .filter(|entry| entry.mint() == mint(1) && entry.is_token())
        .map(|entry| batch.row(entry, &mut scratch).expect("a row").name.expect("a name").len())
        .collect();
    assert_eq!(of_one, [1, 2, 3]);
    assert_eq!(entries.iter().filter(|entry| !entry.is_token()).count(), 1);
}

#[test]
fn everything_that_is_pushed_is_taken_in_batches_of_the_largest_size_at_most() {
    const ALL: u64 = 1000;
    for rows_max in [1, 7, 300, 100_000] {
        let directory = directory();
        let (producer, consumer) = batch_queue(BatchSizes::up_to(rows_max), directory.path());
        let taken = std::thread::scope(|scope| {
            scope.spawn(move || {
                for n in 0..ALL {
                    assert!(producer.push(&token(n, 10)).expect("pushed"));
                }
            });
            let mut taken = 0;
            while let Some(batch) = consumer.take() {
                let entries = batch.entries();
                assert!((1..=rows_max).contains(&entries.len()));
                taken += entries.len() as u64;
            }
            taken
        });
        assert_eq!(taken, ALL, "batches of {rows_max}");
    }
}

#[test]
fn batches_are_small_for_a_small_index_and_grow_with_it() {
    let full = |rows_stored, rows_max| BatchSizes { rows_stored, rows_max }.full();
    assert_eq!(full(0, 50_000), 8192);
    assert_eq!(full(100_000, 50_000), 8192);
    assert_eq!(full(130_000, 50_000), 10_000);
    assert_eq!(full(1_000_000, 50_000), 50_000);
    assert_eq!(full(0, 7), 7);
}

#[test]
fn a_batch_is_as_large_as_what_is_stored_when_it_begins() {
    let directory = directory();
    let sizes = BatchSizes { rows_stored: 0, rows_max: 10_000 };
    let (producer, consumer) = batch_queue(sizes, directory.path());
    for n in 0..512 {
        producer.push(&token(n, 1)).expect("pushed");
    }
    consumer.note_stored(130_000);
    let rows_full = || consumer.0.lock().rows_full;
    assert_eq!(rows_full(), 8192);
    assert_eq!(consumer.take().expect("a first batch").entries().len(), 512);
    assert_eq!(rows_full(), 10_000);
}

#[test]
fn many_entries_leave_less_memory_to_the_rows() {
    let directory = directory();
    for rows_max in [ROWS_FULL_FIRST, 40_000] {
        let batch = Batch::new(rows_max, directory.path());
        let entries = batch.entries.capacity() * size_of::<Entry>();
        assert_eq!(entries + batch.buffer.capacity(), BATCH_BYTES);
    }
    let batch = Batch::new(1_000_000, directory.path());
    assert_eq!(batch.buffer.capacity(), BUFFER_BYTES_MIN);
}

#[test]
fn what_is_not_worth_taking_yet_is_left_to_whoever_waits() {
    let directory = directory();
    let (producer, consumer) = batch_queue(BatchSizes::up_to(3), directory.path());
    producer.push(&token(0, 1)).expect("pushed");
    assert!(consumer.take_soon(3, Duration::ZERO).is_none());
    producer.push(&token(1, 1)).expect("pushed");
    producer.push(&token(2, 1)).expect("pushed");
    assert!(consumer.take_soon(2, Duration::ZERO).is_none(), "it is more than is wanted");
    assert_eq!(consumer.take_soon(3, Duration::ZERO).expect("it is full").entries().len(), 3);
    producer.push(&token(3, 1)).expect("pushed");
    drop(producer);
    assert_eq!(consumer.take_soon(3, Duration::ZERO).expect("the last").entries().len(), 1);
    assert!(consumer.take_soon(3, Duration::ZERO).is_none());
}

#[test]
fn the_last_batch_comes_after_the_producer_has_gone() {
    let directory = directory();
    let (producer, consumer) = batch_queue(BatchSizes::up_to(100), directory.path());
    producer.push(&token(0, 1)).expect("pushed");
    producer.push_sighting(&mint(1)).expect("pushed");
    drop(producer);
    assert_eq!(consumer.take().expect("the last batch").entries().len(), 2);
    assert!(consumer.take().is_none());
    assert!(consumer.take().is_none());
}

#[test]
fn a_producer_learns_that_the_consumer_has_gone_even_while_it_waits() {
    let directory = directory();
    let (producer, consumer) = batch_queue(BatchSizes::up_to(1), directory.path());
    assert!(producer.push(&token(0, 1)).expect("pushed"));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| producer.push(&token(1, 1)).expect("no error"));
        drop(consumer);
        assert!(!waiting.join().expect("it ends"));
    });
    assert!(!producer.push(&token(2, 1)).expect("no error"));
}

#[test]
fn a_directory_without_room_is_an_error_that_names_it() {
    let mut batch = Batch::new(3000, Path::new("/nonexistent/place"));
    let error = (0..3000).find_map(|n| batch.push(&token(n, 2000)).err()).expect("it cannot spill");
    assert!(error.chain().contains("/nonexistent/place"), "{}", error.chain());
}
