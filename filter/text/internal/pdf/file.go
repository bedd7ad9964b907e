package pdf

import (
	"bytes"
	"fmt"
	"io"
)

// Bounds of a file.
const (
	maxObjects  = 1 << 20
	maxTrailers = 1000
	maxAgain    = 8 // times its size that is read again: for the ends of streams, where a table leads
)

// File is a PDF with all its objects.
type File struct {
	// Cut says that a bound left something out.
	Cut bool
	// Locked says that the file is encrypted with a password.
	Locked bool

	data     []byte
	objects  map[int]*object // the last definition of each
	all      []*object       // every definition, in the order of the file
	at       map[int]bool    // where objects have been found
	trailers []Dict
	crypt    *crypt
	inflate  func(io.Reader) io.Reader
	again    int // bytes that may still be read again
	shown    map[*object]bool
	fonts    map[Ref]*font
	made     int // fonts
}

// object is one definition of an object.
type object struct {
	number Ref
	value  any
	packed bool // it comes from an object stream, which is decrypted as a whole
}

// Open reads the objects of a file. What comes out of a filter is read through inflate.
func Open(data []byte, inflate func(io.Reader) io.Reader) *File {
	f := &File{
		data:    data,
		objects: map[int]*object{},
		at:      map[int]bool{},
		inflate: inflate,
		again:   maxAgain*len(data) + maxObjectStream,
		shown:   map[*object]bool{},
		fonts:   map[Ref]*font{},
	}
	f.scan()
	f.scanTrailers()
	f.scanTables()
	f.decrypt()
	f.unpack()
	return f
}

// Size is that of the file, in bytes.
func (f *File) Size() int { return len(f.data) }

// scan goes through the file for objects. What is within a stream is none.
func (f *File) scan() {
	for pos := 0; ; {
		i := bytes.Index(f.data[pos:], []byte("obj"))
		if i < 0 {
			return
		}
		i += pos
		pos = i + 3
		number, begin := numbered(f.data[:i])
		if begin < 0 {
			continue
		}
		if end := f.define(number, begin, i+3); end > pos {
			pos = end
		}
	}
}

// numbered returns the number that stands at the end of b, and where it begins; -1 if there is none.
func numbered(b []byte) (Ref, int) {
	gen, i := numberBefore(b)
	if i < 0 {
		return Ref{}, -1
	}
	num, j := numberBefore(b[:i])
	if j < 0 || j == i {
		return Ref{}, -1
	}
	return Ref{num, gen}, j
}

// numberBefore returns the number at the end of b before white space, and where it begins; -1 if there is none.
func numberBefore(b []byte) (n, begin int) {
	end := len(b)
	for end > 0 && isSpace(int(b[end-1])) {
		end--
	}
	begin = end
	for unit := 1; begin > 0 && b[begin-1] >= '0' && b[begin-1] <= '9' && end-begin < 10; begin-- {
		n += int(b[begin-1]-'0') * unit
		unit *= 10
	}
	if begin == end {
		return 0, -1
	}
	return n, begin
}

// define reads the object whose value begins at pos, and returns where it ends.
func (f *File) define(number Ref, begin, pos int) int {
	if f.at[begin] {
		return pos
	}
	if len(f.all) >= maxObjects {
		f.Cut = true
		return len(f.data)
	}
	f.at[begin] = true
	l := lexer{buf: f.data, pos: pos}
	v := l.value()
	end := l.pos
	if d, ok := v.(Dict); ok {
		if op, _ := l.object(0); op == operator("stream") {
			s := &Stream{Dict: d, number: number}
			s.raw, end = f.body(d, l.pos)
			v = s
		}
	}
	f.Cut = f.Cut || l.cut
	f.add(&object{number: number, value: v})
	return end
}

// value reads one object of a file, which may be a reference.
func (l *lexer) value() any {
	o, _ := l.object(0)
	if n, ok := o.(float64); ok {
		after := *l
		g, _ := after.object(0)
		r, _ := after.object(0)
		if gen, ok := g.(float64); ok && r == operator("R") {
			*l = after
			return Ref{int(n), int(gen)}
		}
	}
	if _, is := o.(operator); is {
		return nil
	}
	return o
}

func (f *File) add(o *object) {
	f.all = append(f.all, o)
	f.objects[o.number.Num] = o
}

// body returns the bytes of a stream whose keyword ends at pos, and where they end: where the length says, if the end
// stands there, else at the next end.
func (f *File) body(d Dict, pos int) ([]byte, int) {
	if pos < len(f.data) && f.data[pos] == '\r' {
		pos++
	}
	if pos < len(f.data) && f.data[pos] == '\n' {
		pos++
	}
	if n, ok := f.length(d["Length"], pos); ok && n >= 0 && n <= len(f.data)-pos {
		after := lexer{buf: f.data, pos: pos + n}
		after.blank()
		if bytes.HasPrefix(f.data[after.pos:], []byte("endstream")) {
			return f.data[pos : pos+n], after.pos
		}
	}
	end := f.find("endstream", pos)
	if end < 0 {
		if end = f.find("endobj", pos); end < 0 {
			end = len(f.data)
		}
	}
	return f.data[pos:end], end
}

// find searches for a word from pos on.
func (f *File) find(word string, pos int) int {
	if !f.spend(0) {
		return -1
	}
	i := bytes.Index(f.data[pos:], []byte(word))
	if i < 0 {
		f.spend(len(f.data) - pos)
		return -1
	}
	f.spend(i)
	return pos + i
}

// spend reports whether there was something left of what may be read again, and takes n off it.
func (f *File) spend(n int) bool {
	if f.again <= 0 {
		f.Cut = true
		return false
	}
	f.again -= n
	return true
}

// length returns the length of a stream, which may be an object that stands after it.
func (f *File) length(v any, pos int) (int, bool) {
	ref, is := v.(Ref)
	if !is {
		n, ok := v.(float64)
		return int(n), ok
	}
	if o := f.objects[ref.Num]; o != nil {
		n, ok := o.value.(float64)
		return int(n), ok
	}
	name := fmt.Sprintf("\n%d %d obj", ref.Num, ref.Gen)
	i := f.find(name, pos)
	if i < 0 {
		return 0, false
	}
	l := lexer{buf: f.data, pos: i + len(name)}
	n, ok := l.value().(float64)
	return int(n), ok
}

// scanTrailers reads every trailer.
func (f *File) scanTrailers() {
	for pos := 0; ; {
		i := bytes.Index(f.data[pos:], []byte("trailer"))
		if i < 0 {
			break
		}
		pos += i + len("trailer")
		l := lexer{buf: f.data, pos: pos}
		if d, ok := l.value().(Dict); ok && len(f.trailers) < maxTrailers {
			f.trailers = append(f.trailers, d)
		}
		pos = l.pos
	}
	for _, o := range f.all {
		if s, ok := o.value.(*Stream); ok && s.Dict["Type"] == Name("XRef") {
			f.trailers = append(f.trailers, s.Dict)
		}
	}
}

// scanTables reads the objects that only a table of references names: within a stream, or written in their own way.
func (f *File) scanTables() {
	for pos := 0; ; {
		i := bytes.Index(f.data[pos:], []byte("xref"))
		if i < 0 {
			return
		}
		l := lexer{buf: f.data, pos: pos + i + len("xref")}
		pos = l.pos
		var entry [3]any
		for n := 0; ; n++ {
			entry[0], entry[1] = entry[1], entry[2]
			o, ok := l.object(0)
			op, isWord := o.(operator)
			if entry[2] = o; !ok || isWord && op != "n" && op != "f" {
				break
			}
			if at, ok := entry[0].(float64); ok && op == "n" {
				f.defineAt(int(at))
			}
		}
		pos = max(pos, l.pos)
	}
}

// defineAt reads the object that begins at a place, if it has not been read.
func (f *File) defineAt(at int) {
	if at < 0 || at >= len(f.data) {
		return
	}
	l := lexer{buf: f.data, pos: at}
	if l.blank(); !f.spend(l.pos-at) || f.at[l.pos] {
		return
	}
	begin := l.pos
	num, ok := l.numeral()
	gen, okGen := l.numeral()
	l.blank()
	if ok && okGen && bytes.HasPrefix(f.data[l.pos:], []byte("obj")) {
		l.pos += len("obj")
		f.spend(f.define(Ref{num, gen}, begin, l.pos) - begin)
	}
}

// numeral reads a number of digits alone, which is what objects have.
func (l *lexer) numeral() (n int, ok bool) {
	l.blank()
	for c := l.peek(); c >= '0' && c <= '9' && n < 1e9; c = l.peek() {
		n, ok = n*10+c-'0', true
		l.pos++
	}
	return n, ok
}

// unpack reads the objects of object streams, in their place among the others.
func (f *File) unpack() {
	direct := f.all
	f.all = make([]*object, 0, len(direct))
	for _, o := range direct {
		f.add(o)
		if s, ok := o.value.(*Stream); ok && s.Dict["Type"] == Name("ObjStm") {
			f.objectStream(s)
		}
	}
}

// maxObjectStream bounds one object stream, in bytes.
const maxObjectStream = 32 << 20

func (f *File) objectStream(s *Stream) {
	r, err := f.Reader(s)
	if err != nil {
		return
	}
	b, _ := io.ReadAll(io.LimitReader(r, maxObjectStream)) // what is before a fault is read
	f.Cut = f.Cut || len(b) == maxObjectStream
	first, n := int(f.Number(s.Dict["First"])), int(f.Number(s.Dict["N"]))
	head := lexer{buf: b}
	for range n {
		num, _ := head.object(0)
		off, ok := head.object(0)
		number, isNum := num.(float64)
		offset, isOff := off.(float64)
		if !ok || !isNum || !isOff {
			return
		}
		at := first + int(offset)
		if at < 0 || at >= len(b) {
			continue
		}
		if len(f.all) >= maxObjects || !f.spend(0) {
			f.Cut = true
			return
		}
		l := lexer{buf: b, pos: at}
		f.add(&object{number: Ref{Num: int(number)}, value: l.value(), packed: true})
		f.spend(l.pos - at)
		f.Cut = f.Cut || l.cut
	}
}

// Resolve follows references.
func (f *File) Resolve(v any) any {
	for range 16 {
		ref, is := v.(Ref)
		if !is {
			return v
		}
		o := f.objects[ref.Num]
		if o == nil {
			return nil
		}
		v = o.value
	}
	return nil
}

// Dict returns a dictionary, or that of a stream; nil if v is neither.
func (f *File) Dict(v any) Dict {
	switch v := f.Resolve(v).(type) {
	case Dict:
		return v
	case *Stream:
		return v.Dict
	}
	return nil
}

func (f *File) Array(v any) Array { a, _ := f.Resolve(v).(Array); return a }

func (f *File) Number(v any) float64 { n, _ := f.Resolve(v).(float64); return n }

func (f *File) Name(v any) Name { n, _ := f.Resolve(v).(Name); return n }

func (f *File) String(v any) String { s, _ := f.Resolve(v).(String); return s }

// Root returns the catalogue that readers use: that of the last trailer that has one, else the last one there is.
func (f *File) Root() Dict {
	for i := len(f.trailers) - 1; i >= 0; i-- {
		if d := f.Dict(f.trailers[i]["Root"]); d["Pages"] != nil {
			return d
		}
	}
	for i := len(f.all) - 1; i >= 0; i-- {
		if d, ok := f.all[i].value.(Dict); ok && d["Type"] == Name("Catalog") && d["Pages"] != nil {
			return d
		}
	}
	return nil
}
