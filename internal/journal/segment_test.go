package journal

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// frames returns a segment of n ordinary records, and where each of them ends.
func frames(n int) (b []byte, ends []int) {
	s := &segment{}
	for i := range n {
		r := ordinary(i)
		s.add(&r)
		ends = append(ends, len(s.frame))
	}
	return s.frame, ends
}

// ids reads a segment and returns the last byte but two of the records' IDs.
func ids(t testing.TB, b []byte) (ids []int, unread int64) {
	t.Helper()
	unread, err := readFrames(bytes.NewReader(b), func(r Record, _ []byte) error {
		if n := int(r.ID[2]); r.ID != ordinary(n).ID || !reflect.DeepEqual(r, ordinary(n)) {
			t.Fatalf("a record that was never written: %+v", r)
		}
		ids = append(ids, int(r.ID[2]))
		return nil
	})
	if err != nil {
		t.Fatalf("reading %d bytes: %v", len(b), err)
	}
	return ids, unread
}

func compressed(b []byte) []byte {
	var out bytes.Buffer
	z := must(newCompressor(&out))
	z.Write(b)
	z.Close()
	return out.Bytes()
}

// A crash leaves a segment that ends anywhere: whole records before that place are read.
func TestASegmentCutShortAnywhereGivesItsWholeRecords(t *testing.T) {
	b, ends := frames(4)
	for cut := range len(b) + 1 {
		whole, last := 0, 0
		for _, e := range ends {
			if e <= cut {
				whole, last = whole+1, e
			}
		}
		got, unread := ids(t, b[:cut])
		if len(got) != whole || unread != int64(cut-last) {
			t.Errorf(
				"cut at %d: %d records and %d bytes of none, want %d and %d",
				cut,
				len(got),
				unread,
				whole,
				cut-last,
			)
		}
	}
}

// A power cut can leave zeros, or what stood on the disk before, at the end of a file.
func TestWhatStandsBehindTheLastRecordDoesNoHarm(t *testing.T) {
	b, _ := frames(2)
	for name, tail := range map[string][]byte{
		"zeros": make([]byte, 4096), "a few zeros": make([]byte, 7), "eight zeros": make([]byte, 8),
		"ones": bytes.Repeat([]byte{0xff}, 5000),
		"text": bytes.Repeat([]byte("oud"), 999), "a frame of another version": frameOf([]byte{9, 9, 9}),
	} {
		got, unread := ids(t, append(bytes.Clone(b), tail...))
		if len(got) != 2 || unread != int64(len(tail)) {
			t.Errorf("%s: %d records, %d bytes of none", name, len(got), unread)
		}
	}
}

func frameOf(body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(body, castagnoli))
	return append(b, body...)
}

// A damaged byte costs the record that it is in; in a length, those behind it.
func TestADamagedByteIsNoticed(t *testing.T) {
	b, ends := frames(3)
	for i := range b {
		damaged := bytes.Clone(b)
		damaged[i] ^= 0x40
		got, unread := ids(t, damaged)
		hit, begin := 0, 0
		for ends[hit] <= i {
			begin = ends[hit]
			hit++
		}
		if unread == 0 {
			t.Errorf("byte %d: nothing was noticed", i)
		}
		inLength := i-begin < 4
		if !inLength && len(got) != 2 || len(got) < hit {
			t.Errorf("byte %d of record %d: %d records left", i-begin, hit, len(got))
		}
	}
}

// What crashes left is brought in when the writer starts, and nothing of it stops that.
func TestAWriterStartsWithWhateverACrashLeft(t *testing.T) {
	b, ends := frames(3)
	for name, c := range map[string]struct {
		file    string
		content []byte
		want    int
	}{
		"nothing":               {"1.open", nil, 0},
		"whole and open":        {"1.open", b, 3},
		"whole and sealed":      {"1.seg", compressed(b), 3},
		"sealed and damaged":    {"1.seg", compressed(b)[:len(compressed(b))-20], 0},
		"ended, not sealed":     {"1.full", b, 3},
		"half sealed":           {"1.new", compressed(b)[:9], 0},
		"of nonsense, sealed":   {"1.seg", []byte("nonsense"), 0},
		"cut short":             {"1.open", b[:ends[2]-1], 2},
		"followed by zeros":     {"1.open", append(bytes.Clone(b), make([]byte, 4096)...), 3},
		"of zeros alone":        {"1.open", make([]byte, 4096), 0},
		"with a strange record": {"1.seg", compressed(append(frameOf([]byte("nonsense")), b...)), 3},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, c.file), c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			db := openDB(t, t.TempDir())
			w, err := newWriter(dir, nobody{}, db, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if got := len(everything(t, db)); got != c.want {
				t.Errorf("%d records, want %d", got, c.want)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
				t.Errorf("%d files are left, want none", len(left))
			}
		})
	}
}

func FuzzSegment(f *testing.F) {
	b, ends := frames(2)
	f.Add(b)
	f.Add(b[:ends[1]-3])
	f.Add(append(bytes.Clone(b), make([]byte, 16)...))
	f.Add(frameOf([]byte{encodingVersion}))
	one := full()
	f.Add(frameOf(one.append(nil)))
	f.Fuzz(func(t *testing.T, b []byte) {
		decode(b) // must not panic without the guard of the checksum either
		var total int64
		unread, err := readFrames(bytes.NewReader(b), func(r Record, _ []byte) error {
			again, err := decode(r.append(nil))
			if err != nil || !reflect.DeepEqual(again, r) {
				t.Errorf("read %+v, and again %+v, %v", r, again, err)
			}
			total += int64(fixedSize)
			return nil
		})
		if err != nil || total+unread > int64(len(b)) {
			t.Errorf("%d bytes of records and %d of none, of %d; %v", total, unread, len(b), err)
		}
		if rec, err := decode(b); err == nil {
			var s segment
			s.add(&rec)
			found := 0
			if _, err := readFrames(bytes.NewReader(s.frame),
				func(Record, []byte) error { found++; return nil }); err != nil ||
				found != 1 {
				t.Errorf("a record that was taken is not read back: %v", err)
			}
		}
	})
}
