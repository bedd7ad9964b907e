package content

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"sluis/internal/setting"
	"sluis/rules"
)

// binaryHeads are how files of a kind begin.
var binaryHeads = []string{
	"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x48\x00\x48\x00\x00",
	"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41\x00\x00\x00\x08free",
	"PK\x03\x04\x14\x00\x08\x00\x08\x00\x21\x58\x21\x58" + strings.Repeat("\x00", 12) + "\x08\x00\x00\x00a.bin",
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "Rar!\x1a\x07\x01\x00",
	"ID3\x04\x00\x00\x00\x00\x00\x00", "RIFF\x24\x08\x00\x00WAVEfmt ", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
	"SQLite format 3\x00", "",
}

// asForm, and those that follow, send a file as programs do.
func asForm(declared string) func(file []byte) *http.Request {
	return func(file []byte) *http.Request {
		return post("multipart/form-data; boundary=XX", "--XX\r\n"+
			"Content-Disposition: form-data; name=\"titel\"\r\n\r\nDe molen\r\n--XX\r\n"+
			"Content-Disposition: form-data; name=\"foto\"; filename=\"foto\"\r\n"+
			"Content-Type: "+declared+"\r\n\r\n"+string(file)+"\r\n--XX--\r\n")
	}
}

func asBody(method string, header ...string) func(file []byte) *http.Request {
	return func(file []byte) *http.Request {
		r := httptest.NewRequest(method, "http://site.example/upload/1", bytes.NewReader(file))
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return r
	}
}

func asJSON(file []byte) *http.Request {
	return post("application/json", `{"name":"foto.jpg","data":"data:image/jpeg;base64,`+
		base64.StdEncoding.EncodeToString(file)+`"}`)
}

func asEscapedJSON(file []byte) *http.Request { // as PHP writes it
	return post("application/json", `{"data":"`+
		strings.ReplaceAll(base64.StdEncoding.EncodeToString(file), "/", `\/`)+`"}`)
}

func asField(file []byte) *http.Request {
	return post("application/x-www-form-urlencoded", "title=x&photo="+
		url.QueryEscape(base64.StdEncoding.EncodeToString(file)))
}

func asLines(file []byte) *http.Request { // as MIME has it
	var b strings.Builder
	for s := base64.StdEncoding.EncodeToString(file); s != ""; {
		n := min(len(s), 76)
		b.WriteString(s[:n] + "\r\n")
		s = s[n:]
	}
	return post("text/plain", "Hierbij de foto.\r\n\r\n"+b.String())
}

func asGzip(file []byte) *http.Request {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	w.Write(file)
	w.Close()
	r := post("application/octet-stream", b.String())
	r.Header.Set("Content-Encoding", "gzip")
	return r
}

func asDrive(file []byte) *http.Request { // Google's, with what is known of the file
	return post("multipart/related; boundary=\"b\"", "--b\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n"+
		`{"name":"foto.jpg"}`+"\r\n--b\r\nContent-Type: image/jpeg\r\n\r\n"+string(file)+"\r\n--b--")
}

var waysOfSending = []func([]byte) *http.Request{
	asForm("image/jpeg"), asForm("application/octet-stream"), asForm("text/plain"),
	asBody("PUT"), asBody("POST", "Content-Type", "application/octet-stream"),
	asBody("PUT", "Content-Type", "video/mp4"), asBody("POST", "Content-Type", "text/plain"),
	asBody("POST", "Content-Type", "application/x-www-form-urlencoded"),
	asBody("PATCH", "Content-Type", "application/offset+octet-stream", "Upload-Offset", "1", "Tus-Resumable", "1.0.0"),
	asBody("PUT", "Content-Range", "bytes 262144-524287/2000000"),
	asJSON, asEscapedJSON, asField, asLines, asGzip, asDrive,
}

// TestNoBytesReadAsWords: of files that are no text none is stopped, however it is sent. By chance their bytes read as
// any word.
func TestNoBytesReadAsWords(t *testing.T) {
	bodies := 400
	if testing.Short() {
		bodies = 2 * len(waysOfSending)
	}
	plain := inspector(t)
	flowing := inspector(t, func(o *Options) { o.Limits.Buffered = 512 << 10 })
	for n := range bodies {
		random := rand.New(rand.NewPCG(13, uint64(n)))
		size := 1 << 20
		switch {
		case n%50 == 0:
			size = 20 << 20
		case n%8 == 0:
			size = 5 << 20
		}
		file := make([]byte, size)
		rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)}).Read(file)
		way, head := n%len(waysOfSending), random.IntN(len(binaryHeads))
		copy(file, binaryHeads[head])
		e := plain
		if random.IntN(3) == 0 {
			e = flowing
		}
		x, r := exchange(rules.Conduct, rules.Leak), waysOfSending[way](file)
		blocked, err := e.Request(t.Context(), x, r)
		if err == nil && !blocked {
			_, err = io.Copy(io.Discard, r.Body)
			r.Body.Close()
		}
		if blocked || err != nil {
			t.Errorf("body %d, sent in way %d, beginning as %d, of %d bytes, flowing %v: got blocked %v, %v, by %s, "+
				"want it to pass", n, way, head, size, e == flowing, blocked, err, x.Found().Verdict.Rule)
		}
	}
	nothingWaits(t, plain)
	nothingWaits(t, flowing)
}

// TestWordsBesideBytesAreRead: what is text in an upload is inspected, whatever stands around it or it says it is.
func TestWordsBesideBytesAreRead(t *testing.T) {
	file := make([]byte, 300<<10)
	rand.NewChaCha8([32]byte{13}).Read(file)
	photo := binaryHeads[0] + string(file)
	disposition := "Content-Disposition: form-data; name=\"a\""
	picture := disposition + "; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n"
	field := disposition + "\r\n\r\n" + threat
	b64 := base64.StdEncoding.EncodeToString(file)
	long := strings.Repeat(harmless+"\n", 6000)
	for name, tt := range map[string]struct{ kind, body string }{
		"a field before":      {"", "--X\r\n" + field + "\r\n--X\r\n" + picture + photo + "\r\n--X--\r\n"},
		"a field behind":      {"", "--X\r\n" + picture + photo + "\r\n--X\r\n" + field + "\r\n--X--\r\n"},
		"between two":         {"", "--X\r\n" + picture + photo + "\r\n--X\r\n" + field + "\r\n--X\r\n" + picture + photo + "\r\n--X--\r\n"},
		"called a picture":    {"", "--X\r\n" + picture + threat + "\r\n--X--\r\n"},
		"long, and a picture": {"", "--X\r\n" + picture + long + threat + "\r\n--X--\r\n"},
		"begun as a picture":  {"", "--X\r\n" + disposition + "\r\n\r\n\xff\xd8\xff " + threat + "\r\n--X--\r\n"},
		"a file name":         {"", "--X\r\n" + disposition + "; filename=\"" + threat + ".jpg\"\r\n\r\n" + photo + "\r\n--X--\r\n"},
		"an escaped name":     {"", "--X\r\n" + disposition + "; filename*=UTF-8''" + url.PathEscape(threat) + "\r\n\r\n" + photo + "\r\n--X--\r\n"},
		"no end":              {"", "--X\r\n" + picture + photo + "\r\n--X\r\n" + field},
		"bare line ends":      {"", "--X\n" + strings.ReplaceAll(picture, "\r", "") + photo + "\n--X\n" + strings.ReplaceAll(field, "\r", "") + "\n--X--\n"},
		"a bare delimiter":    {"", "--X\r\n" + picture + photo + "\n--X\n" + field + "\r\n--X--\r\n"},
		"a bare, false one":   {"", "--X\r\n" + disposition + "\r\n\r\nx\n--X\n" + picture + binaryHeads[0] + "\r\n" + threat + "\r\n--X--\r\n"},
		"more behind it":      {"", "--X\r\n" + picture + photo + "\r\n--Xabc\r\n" + field + "\r\n--X--\r\n"},
		"a preamble":          {"", threat + "\r\n--X\r\n" + picture + photo + "\r\n--X--\r\n"},
		"an epilogue":         {"", "--X\r\n" + picture + photo + "\r\n--X--\r\n" + threat},
		"after the end":       {"", "--X\r\n" + picture + photo + "\r\n--X--\r\n--X\r\n" + field + "\r\n--X--\r\n"},
		"quoted":              {`multipart/form-data; boundary="X Y"`, "--X Y\r\n" + picture + photo + "\r\n--X Y\r\n" + field + "\r\n--X Y--\r\n"},
		"half quoted":         {`multipart/form-data; boundary="X`, "--X\r\n" + picture + photo + "\r\n--X\r\n" + field + "\r\n--X--\r\n"},
		"doubled":             {`multipart/form-data; boundary=Y; boundary=X`, "--X\r\n" + picture + photo + "\r\n--X\r\n" + field + "\r\n--X--\r\n"},
		"in pieces":           {`multipart/form-data; boundary*0=X; boundary*1=Y`, "--XY\r\n" + picture + photo + "\r\n--XY\r\n" + field + "\r\n--XY--\r\n"},
		"none named":          {`multipart/form-data`, "--X\r\n" + picture + photo + "\r\n--X\r\n" + field + "\r\n--X--\r\n"},
		"another named":       {`multipart/form-data; boundary=Z`, "--X\r\n" + picture + photo + "\r\n--X\r\n" + field + "\r\n--X--\r\n"},
		"blanks behind":       {"", "--X \t\r\n" + picture + photo + "\r\n--X  \r\n" + field + "\r\n--X--\r\n"},
		"a long header":       {"", "--X\r\n" + picture + photo + "\r\n--X\r\nX-A: " + strings.Repeat("a", 40_000) + "\r\n" + field + "\r\n--X--\r\n"},
		"nested":              {"", "--X\r\n" + disposition + "\r\nContent-Type: multipart/mixed; boundary=N\r\n\r\n--N\r\n" + picture + photo + "\r\n--N\r\n" + field + "\r\n--N--\r\n--X--\r\n"},
		"JSON in a field":     {"", "--X\r\n" + disposition + "\r\nContent-Type: application/json\r\n\r\n{\"a\":\"" + strings.ReplaceAll(threat, "a", `\u0061`) + "\"}\r\n--X--\r\n"},
		"base64 in a part":    {"", "--X\r\n" + disposition + "; filename=a.txt\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(threat)) + "\r\n--X--\r\n"},
		"coded, a field":      {"", "--X\r\n" + disposition + "\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + strings.ReplaceAll(threat, "a", "=61") + "\r\n--X--\r\n"},
		"coded in name only":  {"", "--X\r\n" + disposition + "; filename=a.txt\r\nContent-Transfer-Encoding: base64\r\n\r\n" + threat + "\r\n--X--\r\n"},
		"coded badly":         {"", "--X\r\n" + disposition + "; filename=a.txt\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na = b =zz " + threat + "\r\n--X--\r\n"},
		"beside base64":       {"application/json", `{"photo":"` + b64 + `","text":"` + threat + `","more":"` + b64 + `"}`},
		"among base64":        {"text/plain", b64 + "\n" + threat + "\n" + b64},
		"bytes, then text":    {"application/octet-stream", string(file[:5000]) + " " + threat + ", en jij gaat eraan. " + string(file[:5000])},
		"text, then bytes":    {"text/plain", long + threat + string(file)},
		"no picture":          {"image/jpeg", threat},
	} {
		if tt.kind == "" {
			tt.kind = "multipart/form-data; boundary=X"
		}
		for _, held := range []int64{25 << 20, 100 << 10} {
			e := inspector(t, func(o *Options) { o.Limits.Buffered = setting.Size(held) })
			x, r := exchange(rules.Conduct), post(tt.kind, tt.body)
			blocked, err := e.Request(t.Context(), x, r)
			if !blocked && err == nil {
				_, err = io.Copy(io.Discard, r.Body)
				r.Body.Close()
			}
			if (name == "base64 in a part" || name == "coded, a field") && held < 1<<20 {
				continue
			}
			if x.Found().Verdict.Category != rules.Threat || !blocked && err == nil {
				t.Errorf("%s, of which %d bytes are held: got blocked %v, %v, %+v, want a threat", name, held, blocked,
					err, x.Found())
			}
			nothingWaits(t, e)
		}
	}
}

// TestJoinedWordsAreNoData: however long a word is.
func TestJoinedWordsAreNoData(t *testing.T) {
	for _, word := range []string{
		strings.ReplaceAll(threat, " ", "-") + strings.Repeat("-en-nog-meer", 30),
		strings.Repeat("IkMaakJeAf", 40), strings.Repeat("a", 300),
	} {
		got := ""
		s := &sieve{out: func(b []byte) { got += string(b) }}
		s.push([]byte(word))
		s.end()
		if got != word {
			t.Errorf("%.40s: got %q, want it", word, got)
		}
	}
}

// TestPartsOfForms: each file is read by its format, from its first byte to its last.
func TestPartsOfForms(t *testing.T) {
	for _, ends := range []string{"\r\n", "\n"} {
		for _, last := range []string{"--X--", "--X--" + ends, "--X-- " + ends + "epilogue"} {
			body := fmt.Sprintf("--X%sContent-Disposition: form-data; name=a; filename=\"a.zip\"%s%sPK\x03\x04%s"+
				"--X%sContent-Disposition: form-data; name=b; filename=b.zip%s%sPK\x03\x04, more%s%s",
				ends, ends, ends, ends, ends, ends, ends, ends, last)
			for _, piece := range []int{1, 3, len(body)} {
				kind := http.Header{"Content-Type": {"multipart/form-data; boundary=X"}}
				u := newUploadText(kind, "", func([]byte) {})
				for s := body; s != ""; {
					n := min(piece, len(s))
					u.push([]byte(s[:n]))
					s = s[n:]
				}
				u.finish()
				var got []string
				for _, f := range u.files {
					got = append(got, f.name+"="+body[f.from:f.to])
				}
				if want := "[a.zip=PK\x03\x04 b.zip=PK\x03\x04, more]"; fmt.Sprint(got) != want || u.form.doubt {
					t.Errorf("%q in pieces of %d: got %q, doubt %v, want %q", last, piece, got, u.form.doubt, want)
				}
			}
		}
	}
}

// FuzzForm: in whatever pieces a form comes the same text and the same files are found in it.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{
		"--X\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--X--\r\n",
		"--X\nContent-Disposition: form-data; name=a; filename=b.zip\n\nPK\x03\x04\n--X--",
		"--X\r\nContent-Type: multipart/mixed; boundary=Y\r\n\r\n--Y\r\n\r\n\xff\xd8\xff\r\n--Y--\r\n--Xa\r\n", "--", "--X",
		"--X\r\nContent-Type: application/json\r\n\r\n\"\\ud83d\\ude00\"\r\n--X--\r\n" + strings.Repeat("aA0", 200),
	} {
		f.Add("multipart/form-data; boundary=X", seed, uint8(1), uint16(9))
	}
	f.Fuzz(func(t *testing.T, kind, body string, piece uint8, flows uint16) {
		find := func(n int) (string, []uploadFile) {
			var out strings.Builder
			u := newUploadText(http.Header{"Content-Type": {"multipart/form-data;" + kind}}, "",
				func(b []byte) { out.Write(b) })
			for at := 0; at < len(body); {
				end := min(at+n, len(body))
				if at < int(flows) {
					end = min(end, int(flows))
				}
				u.push([]byte(body[at:end]))
				if at = end; at == int(flows) {
					u.flow()
				}
			}
			u.finish()
			for _, file := range u.files {
				if file.from < 0 || file.to > int64(len(body)) || file.from > file.to {
					t.Fatalf("got a file from %d to %d, want it within the %d bytes", file.from, file.to, len(body))
				}
			}
			return out.String(), u.files
		}
		whole, files := find(len(body) + 1)
		pieces, others := find(int(piece) + 1)
		if whole != pieces || fmt.Sprint(files) != fmt.Sprint(others) {
			t.Fatalf("in pieces of %d: got %q, %v, want %q, %v", int(piece)+1, pieces, others, whole, files)
		}
	})
}

func BenchmarkForm(b *testing.B) {
	e := inspector(b)
	file := make([]byte, 3<<20)
	rand.NewChaCha8([32]byte{13}).Read(file)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		r := asForm("image/jpeg")(append([]byte(binaryHeads[0]), file...))
		if blocked, err := e.Request(b.Context(), exchange(rules.Conduct), r); blocked || err != nil {
			b.Fatal(blocked, err)
		}
		r.Body.Close()
	}
}
