"""Erasures of people: the requests of a lake, and what they replace in rows, texts and files.

A lake stores no identifier of an erased person, only keyed hashes to recognize it.
"""
