// Package mail reads messages (RFC 5322, MIME: RFC 2045 to 2047 and 2231) as tolerantly as the most tolerant mail
// program, with files in the text as uuencode and yEnc.
//
// It promises that a text which one program shows is shown: where readings differ it shows each of them, and notes the
// doubt in the report.
package mail
