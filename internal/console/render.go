package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"

	"sluis/internal/lang"
)

//go:embed templates/*.html
var templates embed.FS

//go:embed messages/*.json
var messages embed.FS

//go:embed static
var statics embed.FS

// pages are the templates, the files beside them, and their texts.
type pages struct {
	texts  *lang.Catalogue
	by     map[string]*template.Template
	files  map[string]staticFile // by the name in its address
	hashed map[string]string     // that name, by the file's own
}

type staticFile struct {
	kind string
	data []byte
}

func newPages() (*pages, error) {
	p := &pages{
		texts:  lang.Files(messages),
		by:     map[string]*template.Template{},
		files:  map[string]staticFile{},
		hashed: map[string]string{},
	}
	if err := p.texts.Check(); err != nil {
		return nil, err
	}
	if err := p.readStatics(); err != nil {
		return nil, err
	}
	names, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	base, err := template.New("base.html").Funcs(template.FuncMap{"static": func(name string) (string, error) {
		if h, ok := p.hashed[name]; ok {
			return "/static/" + h, nil
		}
		return "", fmt.Errorf("there is no file %s", name)
	}, "dict": dict, "titled": titleOf, "anchor": key}).
			ParseFS(templates, "templates/base.html", "templates/parts.html")
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	for _, name := range names {
		t, err := base.Clone()
		if err == nil {
			t, err = t.ParseFS(templates, name)
		}
		if err != nil {
			return nil, fmt.Errorf("pages: %w", err)
		}
		p.by[strings.TrimSuffix(path.Base(name), ".html")] = t
	}
	return p, nil
}

// dict makes a map of names and values, for a part of a page that needs several.
func dict(pairs ...any) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: no name")
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

var staticKinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".txt": "text/plain; charset=utf-8",
}

// readStatics names each file after what is in it, so that browsers may keep it.
func (p *pages) readStatics() error {
	return fs.WalkDir(statics, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := statics.ReadFile(name)
		if err != nil {
			return err
		}
		own := path.Base(name)
		kind, ok := staticKinds[path.Ext(own)]
		if !ok {
			return fmt.Errorf("static: %s: of an unknown kind", own)
		}
		sum := sha256.Sum256(b)
		hashed := strings.TrimSuffix(own, path.Ext(own)) + "." + hex.EncodeToString(sum[:6]) + path.Ext(own)
		p.hashed[own], p.files[hashed] = hashed, staticFile{kind, b}
		return nil
	})
}
