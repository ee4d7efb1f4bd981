"""The rows of a CSV file into PostgreSQL by executemany. Usage: psycopg.py URL CSV"""

import csv
import itertools
import sys

# This file's own folder comes first in the path, and this file is called psycopg.
sys.path.pop(0)

import psycopg

BATCH = 10_000


def main(url: str, path: str) -> None:
    with open(path, newline="", encoding="utf-8") as file, psycopg.connect(url) as connection:
        lines = csv.reader(file)
        columns = next(lines)
        insert = "INSERT INTO tokens ({}) VALUES ({}) ON CONFLICT (mint) DO NOTHING".format(
            ", ".join(columns), ", ".join(["%s"] * len(columns))
        )
        rows = ([None if value == r"\N" else value for value in line] for line in lines)
        with connection.cursor() as cursor:
            while batch := list(itertools.islice(rows, BATCH)):
                cursor.executemany(insert, batch)
                connection.commit()


main(*sys.argv[1:])
