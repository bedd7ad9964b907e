package gateway

import (
	"context"
	"fmt"
	"io"
	"net/mail"
	"os"
	"path/filepath"
	"strings"

	"sluis/filter"
	"sluis/internal/store/disk"
	"sluis/rules"
)

// InspectFile inspects a file, or standard input if its name is "-", as a message or as a
// document. The item says where it goes, from whom and to whom.
func InspectFile(ctx context.Context, e *filter.Engine, name string, item filter.Item, ps rules.Purposes) (
	*filter.Inspection, error) {
	content, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	info, err := content.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a directory: name the files in it", name)
	}
	item.Kind, item.Name = filter.Document, strings.TrimPrefix(filepath.Base(name), "-")
	item.Content, item.Size = content, info.Size()
	if strings.EqualFold(filepath.Ext(name), ".eml") || isMessage(content) {
		item.Kind = filter.Message
	}
	x, err := e.Inspect(ctx, item, ps)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return x, nil
}

// openFile opens a file. Standard input is kept in one that has no name, as it may be larger
// than memory.
func openFile(name string) (*os.File, error) {
	if name != "-" {
		return os.Open(name)
	}
	f, _, err := disk.Copy("", os.Stdin)
	return f, err
}

// isMessage reports whether a file begins as a message does: with header fields of mail.
func isMessage(content io.ReaderAt) bool {
	m, err := mail.ReadMessage(io.NewSectionReader(content, 0, 64<<10))
	if err != nil {
		return false
	}
	for _, name := range []string{"From", "Subject", "Received", "Mime-Version", "Content-Type", "Message-Id"} {
		if m.Header.Get(name) != "" {
			return true
		}
	}
	return false
}
