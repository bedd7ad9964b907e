// Command widelines reports the lines of Go files that are wider than 120 columns, a tab being four.
//
//	go run ./internal/testenv/widelines [-report] DIR
//
// Four kinds of line are data, and no layout: a line within a raw string; an element of a composite literal that fits
// but for the strings in it; a field that fits but for its tag, which cannot be broken; and a comment that is one word,
// such as an address. It exits with 1 if there are wide lines, and with -report counts them instead. Generated files
// are left out.
package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

const (
	widest = 120 // columns
	tab    = 4   // columns
)

func main() {
	report := flag.Bool("report", false, "only count them, and exit with 0")
	flag.Parse()
	total := 0
	err := filepath.WalkDir(flag.Arg(0), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		wide, err := wideLines(path, src)
		for _, l := range wide {
			if *report {
				break
			}
			fmt.Printf("%s:%d: %d columns, at most %d\n", path, l.number, l.columns, widest)
		}
		total += len(wide)
		return err
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "widelines:", err)
		os.Exit(2)
	}
	if *report {
		fmt.Printf("%d lines are wider than %d columns\n", total, widest)
	} else if total > 0 {
		os.Exit(1)
	}
}

// line is one that is too wide.
type line struct{ number, columns int }

// wideLines returns the lines of a file that are too wide and no data.
func wideLines(path string, src []byte) ([]line, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil || ast.IsGenerated(file) {
		return nil, err
	}
	data := dataOf(files, file)
	var wide []line
	for i, text := range strings.Split(string(src), "\n") {
		number, columns := i+1, columns(text)
		if columns > widest && columns-data[number] > widest {
			wide = append(wide, line{number, columns})
		}
	}
	return wide, nil
}

// dataOf returns how many columns of each line are data.
func dataOf(files *token.FileSet, file *ast.File) map[int]int {
	data := map[int]int{}
	within := 0 // composite literals around the node
	var stack []ast.Node
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			if _, ok := stack[len(stack)-1].(*ast.CompositeLit); ok {
				within--
			}
			stack = stack[:len(stack)-1]
			return false
		}
		stack = append(stack, n)
		switch n := n.(type) {
		case *ast.CompositeLit:
			within++
		case *ast.Field:
			if n.Tag != nil {
				data[files.Position(n.Tag.Pos()).Line] = columns(n.Tag.Value)
			}
		case *ast.BasicLit:
			first, last := files.Position(n.Pos()).Line, files.Position(n.End()).Line
			for number := first; number < last; number++ { // a raw string of several lines
				data[number] = 1 << 20
			}
			if first < last {
				data[last] = columns(n.Value[strings.LastIndexByte(n.Value, '\n')+1:])
			}
			if within > 0 && n.Kind == token.STRING && first == last {
				data[first] += columns(n.Value)
			}
		}
		return true
	})
	for _, group := range file.Comments {
		for _, c := range group.List {
			if !strings.Contains(strings.TrimSpace(strings.TrimPrefix(c.Text, "//")), " ") {
				data[files.Position(c.Pos()).Line] = columns(c.Text)
			}
		}
	}
	return data
}

// columns returns how wide a text is.
func columns(text string) int {
	return utf8.RuneCountInString(text) + (tab-1)*strings.Count(text, "\t")
}
