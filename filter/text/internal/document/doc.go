// Package document reads office documents: Office Open XML and OpenDocument, OLE (doc, xls, ppt, msg), RTF, PDF, and
// TNEF (winmail.dat).
//
// It promises to show text wherever a person can put words, and to name in the report what it could not read. Readers
// of
// OLE and PDF rely on libraries that a crafted file can make fail: they are for a sandbox.
package document
