// Package peopleindex finds the people of a list that the school imports: pupils or staff
// (C2.4a, C2.8d).
//
// It promises:
//
//   - Nothing of the list is kept but 64-bit keyed hashes of its normalised values, and
//     which of them belong to one person. Without the key, which is kept apart, no one can
//     try names against it.
//   - A value is found however it is written: case, diacritics, separators and the forms of
//     dates do not matter.
//   - What points at a person by itself (a pupil number, a citizen service number, an e-mail
//     address) is a hit. A name is one only beside the date of birth or the address of the
//     same person; names alone are reported apart, so that a rule can ask for many.
//   - A search takes time linear in the text and no memory that grows with it.
package peopleindex
