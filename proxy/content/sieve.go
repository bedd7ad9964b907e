package content

import (
	"bytes"
	"unicode/utf8"
)

const (
	sieveBlock = 512 // bytes that are judged together
	textRun    = 24  // bytes of text in a row, at least, that are no chance: random bytes have none in 10 TB
	codedWord  = 256 // characters of a word, at least, that is base64 by itself
	codedLine  = 60  // of each of several lines
	codedLines = 3
)

// sieve lets text through, and keeps back what is none by evidence: bytes of pictures, archives or ciphers, and base64.
// By chance such bytes read as any word. In whatever pieces a body comes, the same goes through.
type sieve struct {
	out    func([]byte)
	binary bool // the body is no text: only runs of text in it go through

	block []byte
	rune  []byte // in a run, as far as it has come
	run   []byte // of text among other bytes
	blank int    // in the run
	open  bool   // the beginning of the run went through
	word  []byte // of characters of base64
	coded bool   // the word is base64, of which nothing goes through
	lines int    // of base64, one after another
	ready []byte // goes through
}

// push takes the next piece.
func (s *sieve) push(b []byte) {
	for len(b) > 0 {
		n := min(len(b), sieveBlock-len(s.block))
		s.block, b = append(s.block, b[:n]...), b[n:]
		if len(s.block) == sieveBlock {
			s.judge()
		}
	}
}

// end lets what has waited through. The next piece is of another body.
func (s *sieve) end() {
	s.judge()
	s.endRun()
	s.endWord()
	s.lines = 0
	s.flush()
}

func (s *sieve) judge() {
	if s.binary || isBinary(s.block) {
		s.runs(s.block)
	} else {
		s.endRun()
		s.words(s.block)
	}
	s.block = s.block[:0]
}

// isBinary reports whether bytes are no text in any writing: some are control characters, and some belong to no
// character.
func isBinary(b []byte) bool {
	for bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		b = b[2:] // byte order marks, of which some writers put two
	}
	if len(b) == 0 {
		return false
	}
	controls, odd := 0, 0
	for i := 0; i < len(b); {
		if c := b[i]; c < utf8.RuneSelf {
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b {
				controls++
			}
			i++
			continue
		}
		_, n := utf8.DecodeRune(b[i:])
		if n == 1 {
			odd++
		}
		i += n
	}
	return controls*50 >= len(b) && odd*20 >= len(b)
}

// runs lets runs of text through.
func (s *sieve) runs(b []byte) {
	for _, c := range b {
		switch {
		case c >= utf8.RuneSelf:
			if s.rune = append(s.rune, c); !utf8.FullRune(s.rune) {
				continue
			}
			if r, _ := utf8.DecodeRune(s.rune); r == utf8.RuneError {
				s.endRun()
			} else {
				s.run = append(s.run, s.rune...)
			}
			s.rune = s.rune[:0]
		case len(s.rune) > 0 || c == 0x7f || c < ' ' && c != '\t' && c != '\n' && c != '\r':
			s.endRun()
		default:
			s.run = append(s.run, c)
			if c == ' ' {
				s.blank++
			}
		}
		if len(s.run) >= sieveBlock {
			s.passRun()
		}
	}
}

// passRun lets a run, as far as it has come, through if it has words.
func (s *sieve) passRun() {
	if s.open || len(s.run) >= textRun && s.blank*64 > len(s.run) && s.blank > 1 {
		s.open = true
		s.words(s.run)
	}
	s.run, s.blank = s.run[:0], 0
}

func (s *sieve) endRun() {
	s.passRun()
	if s.open {
		s.words([]byte{'\n'})
	}
	s.open, s.rune = false, s.rune[:0]
}

// words lets words through that are not base64.
func (s *sieve) words(b []byte) {
	for _, c := range b {
		if classes[c] == 0 {
			s.endWord()
			s.pass(c)
			continue
		}
		if s.coded {
			continue
		}
		if s.word = append(s.word, c); len(s.word) < codedWord {
			continue
		}
		if s.coded = isBase64(s.word); !s.coded {
			s.passAll(s.word)
		}
		s.word = s.word[:0]
	}
}

func (s *sieve) endWord() {
	switch {
	case s.coded:
		s.coded = false
		s.lines++
		s.pass(' ')
		s.word = s.word[:0]
	case len(s.word) > 0:
		if len(s.word) < codedLine || !isBase64(s.word) {
			s.lines = 0
			s.passAll(s.word)
		} else if s.lines++; s.lines < codedLines {
			s.passAll(s.word)
		}
		s.word = s.word[:0]
	}
}

func (s *sieve) pass(c byte) {
	if s.ready = append(s.ready, c); len(s.ready) >= 16<<10 {
		s.flush()
	}
}

func (s *sieve) passAll(b []byte) {
	if s.ready = append(s.ready, b...); len(s.ready) >= 16<<10 {
		s.flush()
	}
}

func (s *sieve) flush() {
	if len(s.ready) > 0 {
		s.out(s.ready)
		s.ready = s.ready[:0]
	}
}

// classes are those of the characters of base64, in either alphabet (RFC 4648).
var classes = func() (t [256]byte) {
	for c := range t {
		switch {
		case c >= 'A' && c <= 'Z':
			t[c] = 1
		case c >= 'a' && c <= 'z':
			t[c] = 2
		case c >= '0' && c <= '9':
			t[c] = 3
		case c == '+', c == '/', c == '-', c == '_', c == '=':
			t[c] = 4
		}
	}
	return t
}()

// isBase64 reports whether a long word is data: small and large letters and digits stand by turns, as they do in no
// language, nor in words that are joined by signs.
func isBase64(word []byte) bool {
	var count [5]int
	turns := 0
	for i, c := range word {
		count[classes[c]]++
		if i > 0 && classes[c] != classes[word[i-1]] {
			turns++
		}
	}
	n := len(word)
	return count[1]*12 >= n && count[2]*12 >= n && count[3]*50 >= n && turns*3 >= n
}
