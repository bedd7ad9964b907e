package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// engine is a session with libchdb. Handles are the library's pointers.
type engine struct {
	conn uintptr

	queryN  func(conn uintptr, text *byte, n uintptr, format *byte, formatN uintptr) uintptr
	insertN func(conn uintptr, text *byte, n uintptr, format *byte, formatN uintptr) uintptr
	append  func(stream uintptr, data *byte, n uintptr) int32
	done    func(stream uintptr) uintptr
	wrong   func(stream uintptr) string
	end     func(stream uintptr)
	buffer  func(result uintptr) unsafe.Pointer
	length  func(result uintptr) uintptr
	failure func(result uintptr) string
	free    func(result uintptr)
}

func open(library, dir string) (*engine, error) {
	handle, err := purego.Dlopen(library, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, err
	}
	e := &engine{}
	var connect func(int32, **byte) *uintptr
	var signals func(int32)
	for name, f := range map[string]any{
		"chdb_connect": &connect, "chdb_set_signal_handlers_enabled": &signals, "chdb_query_n": &e.queryN,
		"chdb_stream_insert_n": &e.insertN, "chdb_stream_append": &e.append, "chdb_stream_done": &e.done,
		"chdb_stream_insert_error": &e.wrong, "chdb_destroy_insert_stream": &e.end, "chdb_result_buffer": &e.buffer,
		"chdb_result_length": &e.length, "chdb_result_error": &e.failure, "chdb_destroy_query_result": &e.free,
	} {
		purego.RegisterLibFunc(f, handle, name)
	}
	signals(0) // they are Go's
	var args []*byte
	for _, a := range []string{"clickhouse", "--path=" + dir} {
		args = append(args, &append([]byte(a), 0)[0]) // texts of C end in a zero
	}
	conn := connect(int32(len(args)), &args[0])
	runtime.KeepAlive(args)
	if conn == nil {
		return nil, errors.New("the library does not connect")
	}
	e.conn = *conn
	return e, nil
}

// native is the format of what goes in and out: blocks of columns.
const native = "Native"

// query runs a statement and returns its blocks.
func (e *engine) query(statement string) ([]byte, error) {
	text, format := []byte(statement), []byte(native)
	r := e.queryN(e.conn, &text[0], uintptr(len(text)), &format[0], uintptr(len(format)))
	defer e.free(r)
	if why := e.failure(r); why != "" {
		return nil, errors.New(why)
	}
	n := e.length(r)
	if n == 0 {
		return nil, nil
	}
	return append([]byte(nil), unsafe.Slice((*byte)(e.buffer(r)), n)...), nil
}

// insert gives blocks to an insert. The data of a statement itself would end at a ';'.
func (e *engine) insert(statement string, data io.Reader) error {
	text, format := []byte(statement), []byte(native)
	stream := e.insertN(e.conn, &text[0], uintptr(len(text)), &format[0], uintptr(len(format)))
	if stream == 0 {
		return errors.New("no insert")
	}
	defer e.end(stream)
	if why := e.wrong(stream); why != "" {
		return errors.New(why)
	}
	piece := make([]byte, 1<<20)
	for {
		n, err := io.ReadFull(data, piece)
		if n > 0 && e.append(stream, &piece[0], uintptr(n)) != 0 {
			return fmt.Errorf("append: %s", e.wrong(stream))
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return err // and so what came is not inserted
		}
	}
	r := e.done(stream)
	defer e.free(r)
	if why := e.failure(r); why != "" {
		return errors.New(why)
	}
	return nil
}
