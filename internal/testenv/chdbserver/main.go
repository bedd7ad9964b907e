// Command chdbserver serves libchdb, the engine of a ClickHouse server of today as a
// library, over ClickHouse's HTTP interface on loopback: as much of it as clickhouse-go
// uses. It is for tests alone, and a process of its own, so that it can be killed.
//
//	chdbserver LIBRARY DIRECTORY ADDRESS
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: chdbserver LIBRARY DIRECTORY ADDRESS")
		os.Exit(2)
	}
	if err := serve(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "chdbserver:", err)
		os.Exit(1)
	}
}

func serve(library, dir, addr string) error {
	e, err := open(library, dir)
	if err != nil {
		return err
	}
	return http.ListenAndServe(addr, &server{engine: e})
}

// server takes one request at a time: the engine has one session.
type server struct {
	mu     sync.Mutex
	engine *engine
}

// of the interface itself, and no settings
var notSettings = []string{
	"query",
	"database",
	"default_format",
	"client_protocol_version",
	"query_id",
	"quota_key",
	"compress",
	"decompress",
	"network_compression_method",
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out, err := s.answer(r)
	if err != nil {
		w.Header().Set("X-ClickHouse-Exception-Code", code(err))
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Write(out)
}

// code returns the number that an error of the engine begins with.
func code(err error) string {
	if m := regexp.MustCompile(`Code: (\d+)`).FindStringSubmatch(err.Error()); m != nil {
		return m[1]
	}
	return "1002"
}

func (s *server) answer(r *http.Request) ([]byte, error) {
	params := r.URL.Query()
	statement, data := params.Get("query"), io.Reader(r.Body)
	if statement == "" {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		statement, data = string(text), nil
	}
	if db := params.Get("database"); db != "" {
		if _, err := s.engine.query("USE `" + db + "`"); err != nil {
			return nil, err
		}
	}
	if data != nil {
		return nil, s.engine.insert(
			withSettings(strings.TrimSuffix(strings.TrimSpace(statement), "FORMAT Native"), params),
			data,
		)
	}
	if word, _, _ := strings.Cut(strings.TrimSpace(statement), " "); slices.Contains(
		[]string{"SELECT", "WITH"},
		strings.ToUpper(word),
	) {
		statement = withSettings(statement, params)
	}
	blocks, err := s.engine.query(statement)
	if err != nil {
		return nil, err
	}
	revision, err := strconv.ParseUint(params.Get("client_protocol_version"), 10, 64)
	if err != nil {
		return nil, err
	}
	return translate(blocks, revision)
}

// withSettings adds what a request sets to a statement.
func withSettings(statement string, params url.Values) string {
	var settings []string
	for name := range params {
		if !slices.Contains(notSettings, name) {
			settings = append(settings, name+" = '"+strings.ReplaceAll(params.Get(name), "'", "''")+"'")
		}
	}
	if len(settings) == 0 {
		return statement
	}
	slices.Sort(settings)
	return statement + " SETTINGS " + strings.Join(settings, ", ")
}

// translate turns blocks of the plain format into those of a revision of the protocol,
// which a client of the interface asks for and the library knows nothing of.
func translate(blocks []byte, revision uint64) ([]byte, error) {
	in, out := chproto.NewReader(bytes.NewReader(blocks)), new(chproto.Buffer)
	for {
		b := proto.NewBlock()
		if err := b.Decode(in, 0); errors.Is(err, io.EOF) {
			return out.Buf, nil
		} else if err != nil {
			return nil, err
		}
		if err := b.Encode(out, revision); err != nil {
			return nil, err
		}
	}
}
