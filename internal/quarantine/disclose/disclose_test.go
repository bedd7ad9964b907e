package disclose

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"sluis/filter"
	"sluis/filter/text"
	"sluis/internal/ledger"
	"sluis/internal/quarantine"
	"sluis/rules"
)

// letter is a message with something of everything.
const letter = "From: =?utf-8?q?Juf_=C3=89lise?= <elise@school.example>\r\n" +
	"To: vriend@elders.example\r\n" +
	"Subject: =?utf-8?q?lijst_=3Cscript=3Ealert=281=29=3C=2Fscript=3E?=\r\n" +
	"Mime-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n" +
	"--c\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
	"Het BSN van Sam is 111222333, geboren 3 mei 2015, bel 06-12345678.\r\n" +
	"--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" +
	"<p onclick=x()>Het BSN van <b style='background:url(http://beacon.example/a)'>Sam</b> is 111222333</p>" +
	"<img src=http://beacon.example/b><a href='javascript:alert(1)'>hier</a><script>alert(2)</script>" +
	"<form action=http://beacon.example><input name=q></form><!-- <img src=x> --><svg onload=alert(3)></svg>\r\n" +
	"--c--\r\n" +
	"--b\r\nContent-Type: text/csv; name=\"Sam 111222333 <b>.csv\"\r\n" +
	"Content-Disposition: attachment; filename=\"Sam 111222333 <b>.csv\"\r\n\r\n" +
	"naam,iban\r\nSam,NL91ABNA0417164300\r\n" +
	"--b--\r\n"

// opened returns a message as the quarantine gives it.
func opened(t testing.TB, content string, to []string, evidence ...string) *quarantine.Message {
	t.Helper()
	m := &quarantine.Message{
		Envelope: quarantine.Envelope{From: "elise@school.example"},
		Reader:   strings.NewReader(content),
	}
	for _, a := range to {
		m.Envelope.To = append(m.Envelope.To, quarantine.Recipient{Path: a})
	}
	if evidence != nil {
		m.Evidence = []quarantine.Evidence{{Excerpts: evidence}}
	}
	return m
}

// plain writes pieces: a masked identifier as its number in brackets, hits between arrows.
func plain(ps []Piece) string {
	var b strings.Builder
	for _, p := range ps {
		s := p.Text
		if p.Mask != "" && !p.Open {
			s = fmt.Sprintf("[%d %s]", p.N, p.Mask)
		}
		if p.Hit {
			s = "»" + s + "«"
		}
		b.WriteString(s)
	}
	return b.String()
}

func sheet(t testing.TB, content string, stage Stage, part int, revealed ...int) *Sheet {
	t.Helper()
	dir := t.TempDir()
	m := opened(t, content, []string{"vriend@elders.example"}, "Het BSN van Sam is 11*****33, geboren * mei ****, bel")
	isRevealed := func(n int) bool { return slices.Contains(revealed, n) }
	s, err := Reader{Limits: text.Limits{Dir: dir}}.Read(t.Context(), m, stage, part, isRevealed)
	if err != nil {
		t.Fatalf("read stage %s: %v", stage, err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("stage %s left %v behind, want no files", stage, left)
	}
	return s
}

func TestTheTextWithIdentifiersMaskedAndHitsMarked(t *testing.T) {
	s := sheet(t, letter, Text, 0)
	if len(s.Blocks) < 2 {
		t.Fatalf("blocks %+v, want those of the text and of the HTML", s.Blocks)
	}
	got := plain(s.Blocks[0].Text)
	for _, want := range []string{"[1 number]", "[2 date]", "[3 number]", "»"} {
		if !strings.Contains(got, want) {
			t.Errorf("the text is %s, want %q in it", got, want)
		}
	}
	for _, identifier := range []string{"111222333", "2015"} {
		if strings.Contains(got, identifier) {
			t.Errorf("the text is %s, want %s masked", got, identifier)
		}
	}
	for _, b := range s.Blocks {
		if strings.Contains(plain(b.Text), "naam,iban") {
			t.Errorf("block %s has text of the attachment, want that in its own stage", b.Kind)
		}
	}
	got = plain(sheet(t, letter, Text, 0, 1).Blocks[0].Text)
	if !strings.Contains(got, "111222333") || strings.Contains(got, "12345678") {
		t.Errorf("with identifier 1 revealed the text is %s, want that one alone", got)
	}
}

func TestTheHeaderAsItStandsThere(t *testing.T) {
	s := sheet(t, letter, Headers, 0)
	var all []string
	for _, f := range s.Fields {
		all = append(all, f.Name+"="+plain(f.Value))
	}
	got := strings.Join(all, "\n")
	for _, want := range []string{"From=Juf Élise <[", "Subject=lijst <script>alert(1)</script>"} {
		if !strings.Contains(got, want) {
			t.Errorf("the header is\n%s\nwant %q in it", got, want)
		}
	}
	if plain(s.From) != "[1 address]" || plain(s.To[0]) != "[2 address]" {
		t.Errorf("the envelope is from %s to %s, want [1 address] and [2 address]", plain(s.From), plain(s.To[0]))
	}
	if len(s.Files) != 1 || plain(s.Files[0].Name) != fmt.Sprintf("Sam [%d number] <b>.csv", s.Files[0].Name[1].N) {
		t.Errorf("files %+v, want one with the number in its name masked", s.Files)
	}
	if len(s.Blocks) != 0 {
		t.Errorf("blocks %+v in the stage of the header, want none", s.Blocks)
	}
	malformed := sheet(t, "From: a\r\nno colon here\r\n\r\nx", Headers, 0)
	if f := malformed.Fields; len(f) != 2 || f[1].Name != "" || plain(f[1].Value) != "no colon here" {
		t.Errorf("fields %+v of a malformed header, want its second line without a name", f)
	}
	if len(malformed.Doubts) == 0 {
		t.Error("no doubt about a malformed header, want one")
	}
}

func TestOneAttachment(t *testing.T) {
	file := sheet(t, letter, Headers, 0).Files[0]
	s := sheet(t, letter, Attachment, file.Part)
	if len(s.Blocks) != 1 || strings.TrimSpace(plain(s.Blocks[0].Text)) != "naam,iban\nSam,[1 account]" {
		t.Errorf("blocks %+v, want the table with its account masked", s.Blocks)
	}
	for _, part := range []int{-1, 0, file.Part + 1, 1 << 40} {
		_, err := Reader{}.Read(t.Context(), opened(t, letter, []string{"x@y.example"}), Attachment, part, nil)
		if err == nil {
			t.Errorf("part %d was read as an attachment, want ErrStage", part)
		}
	}
}

func TestHTMLWithoutWhatLeadsAnywhere(t *testing.T) {
	doc := sheet(t, letter, HTML, 0).Document
	for _, bad := range []string{
		"beacon", "script", "onclick", "href", "<img", "<svg", "<form", "<input", "alert", "111222333", "<!-- ",
	} {
		if strings.Contains(doc, bad) {
			t.Errorf("the document is %s, want no %q in it", doc, bad)
		}
	}
	if !strings.Contains(doc, "<b>Sam</b> is •••") {
		t.Errorf("the document is %s, want its text", doc)
	}
	const elements = "<p>BSN 111<b>222</b>333 van <span>jan</span>@x.nl, bel<br>06 <i>12345678</i> nu</p>" +
		"<p>12345</p><p>67890</p>"
	split := sheet(t, "Content-Type: text/html\r\n\r\n"+elements, HTML, 0).Document
	_, split, _ = strings.Cut(split, "</style>")
	for _, bad := range []string{"111", "222", "333", "jan", "12345678"} {
		if strings.Contains(split, bad) {
			t.Errorf("the document is %s, want %q of an identifier across elements masked", split, bad)
		}
	}
	for _, kept := range []string{"BSN •••", " van ", ", bel", " nu", "<p>12345</p><p>67890</p>"} {
		if !strings.Contains(split, kept) {
			t.Errorf("the document is %s, want %q in it", split, kept)
		}
	}
	if doc := sheet(t, "Subject: x\r\n\r\nonly text\r\n", HTML, 0).Document; doc != "" {
		t.Errorf("the document of a message without HTML is %s, want none", doc)
	}
}

// Who judges a message sees with the findings how it can be read, the gravest doubt first, and no word of it.
func TestFindingsComeWithTheDoubts(t *testing.T) {
	content := "Subject: geheim\r\nContent-Type: text/plain; charset=x-own\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ngeheim\r\n"
	s := sheet(t, content, Findings, 0)
	if len(s.Doubts) < 2 || s.Doubts[0].Cause != text.TwiceHeader || s.Doubts[0].Part != text.Whole {
		t.Errorf("doubts %v, want a repeated header first", s.Doubts)
	}
	if len(s.Blocks)+len(s.Fields)+len(s.Files) > 0 || s.Masked > 0 {
		t.Errorf("the findings show content: %+v", s)
	}
}

func TestFindingsNeedNothingOfTheMessage(t *testing.T) {
	m := opened(t, "", nil, "Het BSN van Sam is 11*****33")
	m.Reader = failing{}
	s, err := Reader{}.Read(t.Context(), m, Findings, 0, nil)
	if err != nil || len(s.Findings) != 1 {
		t.Errorf("findings of a message that cannot be read: %+v, %v; want one", s, err)
	}
	if _, err := (Reader{}).Read(t.Context(), m, Text, 0, nil); err == nil {
		t.Error("the text of a message that cannot be read: no error, want one")
	}
	if _, err := (Reader{}).Read(t.Context(), m, "everything", 0, nil); !errors.Is(err, ErrStage) {
		t.Errorf("an unknown stage: %v, want ErrStage", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAnUploadIsText(t *testing.T) {
	s, err := Reader{}.Read(t.Context(), opened(t, "naam=Sam&bsn=111222333", nil), Text, 0, nil)
	if err != nil || len(s.Blocks) != 1 || plain(s.Blocks[0].Text) != "naam=Sam&bsn=[1 number]" {
		t.Errorf("the text of an upload is %+v, %v; want its number masked", s, err)
	}
	if _, err := (Reader{}).Read(t.Context(), opened(t, "x", nil), Headers, 0, nil); !errors.Is(err, ErrStage) {
		t.Errorf("the header of an upload: %v, want ErrStage", err)
	}
}

func TestIdentifiersAreMaskedRatherTooMuchThanTooLittle(t *testing.T) {
	for in, want := range map[string]string{
		"mail jan.de-vries+x@school.example.": "mail [1 address].",
		"IBAN NL91 ABNA 0417 1643 00 graag":   "IBAN [1 account] graag",
		"nl91abna0417164300":                  "[1 account]",
		"111.222.333":                         "[1 number]",
		"tel. +31 (0)6 1234 5678":             "tel. [1 number]",
		"kaart 4111-1111-1111-1111!":          "kaart [1 number]!",
		"geboren op 31-12-2014":               "geboren op [1 date]",
		"op 3 mei 2015 en 2015-05-03":         "op [1 date] en [2 date]",
		"1234 AB 12":                          "[1 postcode]",
		"in 2026 waren er 123456 leerlingen":  "in 2026 waren er 123456 leerlingen",
		"groep 8, lokaal 12":                  "groep 8, lokaal 12",
		"a@b":                                 "[1 address]",
		"josé@café.example":                   "[1 address]",
		"111\u200b222\u00ad333":               "[1 number]",
		"111\u00a0222\u202f333":               "[1 number]",
		"１１１２２２３３３":                           "[1 number]",
	} {
		if got := plain((&masker{}).pieces(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// BenchmarkDocument: the cost of many elements within one line is that of their length.
func BenchmarkDocument(b *testing.B) {
	s := strings.Repeat("<b>a</b>1111111 ", maxHTML/16)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		document(s)
	}
}

// BenchmarkPieces: the most costly text is a long one that nearly is an address all along.
func BenchmarkPieces(b *testing.B) {
	for name, s := range map[string]string{
		"letter":    strings.Repeat("Beste ouders, morgen gaan wij met groep 8 naar het museum. ", maxText/60),
		"almost":    strings.Repeat("1111111a", maxText/8),
		"addresses": strings.Repeat("a@b.nl ", maxText/7),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				(&masker{}).pieces(s)
			}
		})
	}
}

// FuzzPieces: no part of a text is lost, and no identifier is in a piece that is shown.
func FuzzPieces(f *testing.F) {
	f.Add("bel 06-12345678 of mail a@b.nl", "mail *@*.nl")
	f.Add(letter, "")
	f.Fuzz(func(t *testing.T, s, excerpt string) {
		s = printable([]byte(s))
		all := &masker{
			revealed: func(int) bool { return true },
			hits:     hits([]quarantine.Evidence{{Excerpts: []string{excerpt}}}),
		}
		var b strings.Builder
		for _, p := range all.pieces(s) {
			b.WriteString(p.Text)
		}
		if b.String() != s {
			t.Fatalf("the pieces of %q are %q, want the whole text", s, b.String())
		}
		masked := &masker{hits: all.hits}
		for _, p := range masked.pieces(s) {
			if p.Mask != "" && p.Text != covered {
				t.Errorf("a masked piece shows %q, want %q", p.Text, covered)
			}
		}
	})
}

// FuzzRead: no message makes a stage fail, or grow beyond its bounds.
func FuzzRead(f *testing.F) {
	f.Add([]byte(letter))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, stage := range Stages {
			m := opened(t, string(b), []string{"x@y.example"})
			s, err := Reader{Limits: text.Limits{Dir: t.TempDir()}}.Read(t.Context(), m, stage, 1, nil)
			if err != nil && stage != Attachment {
				t.Fatalf("stage %s: %v, want a sheet", stage, err)
			}
			if err != nil {
				continue
			}
			n := 0
			for _, block := range s.Blocks {
				n += len(plain(block.Text))
			}
			if n > 8*maxText || len(s.Fields) > maxFields || len(s.Files) > maxFiles {
				t.Errorf("stage %s has %d bytes, %d fields, %d files; want at most %d, %d, %d",
					stage, n, len(s.Fields), len(s.Files), 8*maxText, maxFields, maxFiles)
			}
			fetches := strings.Contains(s.Document, "url(") && !strings.Contains(string(b), "url")
			if fetches || strings.Contains(s.Document, "<script") || strings.Contains(s.Document, "<img") {
				t.Errorf("the document is %q, want nothing that runs or is fetched", s.Document)
			}
		}
	})
}

func TestHugeMessagesAreCutOffAndTheSheetSaysSo(t *testing.T) {
	var fieldsOnly, parts strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&fieldsOnly, "X-Field-%d: value\r\n", i)
	}
	parts.WriteString("Content-Type: multipart/mixed; boundary=b\r\n\r\n")
	for i := range 10_000 {
		fmt.Fprintf(&parts, "--b\r\nContent-Disposition: attachment; filename=f%d.txt\r\n\r\ntext\r\n", i)
	}
	for name, content := range map[string]string{
		"fields":    fieldsOnly.String() + "\r\nx",
		"parts":     parts.String() + "--b--\r\n",
		"text":      "Subject: x\r\n\r\n" + strings.Repeat("woord ", 5_000_000),
		"one field": "X: " + strings.Repeat("a@b.nl ", 1_000_000) + "\r\n\r\nx",
	} {
		stage := Headers
		if name == "text" {
			stage = Text
		}
		if s := sheet(t, content, stage, 0); !s.Cut {
			t.Errorf("%s: Cut is false, want true", name)
		}
	}
}

func TestASealedMessageIsShownOnceItIsOpened(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	book, err := ledger.Open(filepath.Join(dir, "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := quarantine.Open(filepath.Join(dir, "quarantine"), book, key.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	e := quarantine.Entry{ID: filter.NewID(), Direction: rules.Out, Purpose: rules.Leak}
	if err := e.Rule.UnmarshalText([]byte("leak.identity.bsn")); err != nil {
		t.Fatal(err)
	}
	env := quarantine.Envelope{From: "a@b.nl", To: []quarantine.Recipient{{Path: "c@d.nl"}}}
	if err := store.Seal(t.Context(), e, env, nil, strings.NewReader(letter)); err != nil {
		t.Fatal(err)
	}
	m, err := store.Open(t.Context(), e.ID, quarantine.Intent{Reason: "review"}, key)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := Reader{}.Read(t.Context(), m, Text, 0, nil)
	if err != nil || len(s.Blocks) == 0 || s.Masked == 0 {
		t.Errorf("the sheet is %+v, %v; want blocks with masked identifiers", s, err)
	}
}
