package filter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"codeberg.org/go-pdf/fpdf"
	"github.com/chromedp/chromedp"

	"sluis/internal/testenv"
	"sluis/rules"
)

// printedExample is an example of a rule, as a text of a document.
type printedExample struct {
	rule rules.Rule
	n    int
	text string
}

// printedExamples returns every example that a rule is to catch in a document.
func printedExamples(e *Engine) (all []printedExample) {
	for _, r := range e.set.Rules() {
		for i, x := range r.Match {
			if x.Message == "" {
				all = append(all, printedExample{rule: r, n: i, text: x.Text})
			}
		}
	}
	return all
}

// printers make a PDF of each text, as the writers do whose PDFs schools send.
var printers = []struct {
	name  string
	needs []string
	print func(t *testing.T, texts []string) [][]byte
}{
	{"fpdf", nil, printFPDF},
	{"ReportLab", []string{testenv.ReportLab}, printReportLab},
	{"Chromium", []string{"chromium"}, printChromium},
	{"LibreOffice", []string{"soffice"}, printLibreOffice},
	{"LaTeX", []string{"pdflatex", "qpdf"}, printLaTeX},
}

// least is the share of the examples that are to be found in a PDF.
const least = 0.95

// What a rule catches in a text, it catches in that text as writers of PDF set it (C3.3a, C3.3b).
func TestRulesFindTheirExamplesInPrintedDocuments(t *testing.T) {
	e := engine(t)
	examples := printedExamples(e)
	texts := make([]string, len(examples))
	for i, x := range examples {
		texts[i] = x.text
	}
	for _, p := range printers {
		t.Run(p.name, func(t *testing.T) {
			testenv.Need(t, p.needs...)
			pdfs := p.print(t, texts)
			found := 0
			for i, x := range examples {
				if leaksAs(t, e, x, pdfs[i]) {
					found++
				} else {
					t.Logf("not found: example %d of %s", x.n+1, x.rule.ID)
				}
			}
			t.Logf("%d of %d found", found, len(examples))
			if float64(found) < least*float64(len(examples)) {
				t.Errorf("%d of %d examples found, want %.0f %%", found, len(examples), 100*least)
			}
		})
	}
}

// leaksAs reports whether the rule of an example catches it in a PDF.
func leaksAs(t *testing.T, e *Engine, x printedExample, pdf []byte) bool {
	item := exampleItem(x.rule.Match[x.n], x.rule)
	item.Name, item.Content, item.Size = "brief.pdf", bytes.NewReader(pdf), int64(len(pdf))
	exam, err := e.Inspect(t.Context(), item, rules.SetOf(rules.Leak, rules.Conduct, rules.Security))
	if err != nil {
		t.Fatal(err)
	}
	return has(exam, x.rule.ID)
}

func printFPDF(t *testing.T, texts []string) (pdfs [][]byte) {
	for _, text := range texts {
		doc := fpdf.New("P", "mm", "A4", "")
		doc.AddPage()
		doc.SetFont("Times", "", 11)
		doc.MultiCell(160, 5, doc.UnicodeTranslatorFromDescriptor("")(text), "", "J", false)
		var b bytes.Buffer
		if err := doc.Output(&b); err != nil {
			t.Fatal(err)
		}
		pdfs = append(pdfs, b.Bytes())
	}
	return pdfs
}

// reportLab writes a PDF for each text of a list, with a font of its own for half of them.
const reportLab = `
import json, sys
from reportlab.platypus import SimpleDocTemplate, Paragraph
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from xml.sax.saxutils import escape
pdfmetrics.registerFont(TTFont("DejaVu", "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"))
for i, t in enumerate(json.load(sys.stdin)):
    s = ParagraphStyle("s", fontName=("Helvetica", "DejaVu")[i % 2], alignment=4)
    SimpleDocTemplate("%s/%d.pdf" % (sys.argv[1], i)).build([Paragraph(escape(l), s) for l in t.splitlines() if l.strip()])
`

func printReportLab(t *testing.T, texts []string) [][]byte {
	dir := t.TempDir()
	in, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", "-c", reportLab, dir)
	cmd.Stdin = bytes.NewReader(in)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ReportLab: %v: %s", err, out)
	}
	return printedFiles(t, dir, "%d.pdf", len(texts))
}

// printedFiles reads the files that a writer left, numbered.
func printedFiles(t *testing.T, dir, name string, n int) (pdfs [][]byte) {
	for i := range n {
		b, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf(name, i)))
		if err != nil {
			t.Fatal(err)
		}
		pdfs = append(pdfs, b)
	}
	return pdfs
}

// printedPage is a page of a text, justified, in one font or another.
func printedPage(i int, text string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!DOCTYPE html><meta charset=utf-8><style>p { font: %dpt %s; text-align: justify }</style>`, 9+i%4,
		[]string{"sans-serif", "serif"}[i%2])
	for l := range strings.Lines(text) {
		fmt.Fprintf(&b, "<p>%s</p>", html.EscapeString(strings.TrimSpace(l)))
	}
	return b.String()
}

func printChromium(t *testing.T, texts []string) (pdfs [][]byte) {
	dir := t.TempDir()
	tab, stop := testenv.Chromium(t.Context(), filepath.Join(dir, "profile"), nil)
	defer stop()
	file := filepath.Join(dir, "page.html")
	for i, text := range texts {
		if err := os.WriteFile(file, []byte(printedPage(i, text)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := chromedp.Do(tab, chromedp.Navigate("file://"+file)); err != nil {
			t.Fatalf("Chromium: %v", err)
		}
		pdf, err := chromedp.Run(tab, chromedp.PrintToPDF())
		if err != nil {
			t.Fatalf("Chromium: %v", err)
		}
		pdfs = append(pdfs, pdf)
	}
	return pdfs
}

func printLibreOffice(t *testing.T, texts []string) [][]byte {
	dir := t.TempDir()
	args := []string{"-env:UserInstallation=file://" + filepath.Join(dir, "profile"), "--headless", "--writer",
		"--convert-to", "pdf:writer_pdf_Export", "--outdir", dir}
	for i, text := range texts {
		name := filepath.Join(dir, fmt.Sprintf("%d.html", i))
		if err := os.WriteFile(name, []byte(printedPage(i, text)), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	if out, err := exec.CommandContext(t.Context(), "soffice", args...).CombinedOutput(); err != nil {
		t.Fatalf("LibreOffice: %v: %s", err, out)
	}
	return printedFiles(t, dir, "%d.pdf", len(texts))
}

// texEscapes are the characters that TeX reads as something else.
var texEscapes = strings.NewReplacer(`\`, `\textbackslash{}`, "{", `\{`, "}", `\}`, "$", `\$`, "&", `\&`, "#", `\#`,
	"_", `\_`, "%", `\%`, "~", `\textasciitilde{}`, "^", `\textasciicircum{}`, `"`, "''", "€", `\texteuro{}`,
	"\u00a0", "~", "-", "-{}", "'", `\textquotesingle{}`)

func printLaTeX(t *testing.T, texts []string) [][]byte {
	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("\\documentclass{article}\\usepackage[utf8]{inputenc}\\usepackage{textcomp}\n" +
		"\\setlength{\\parindent}{0pt}\\begin{document}\n")
	for _, text := range texts {
		b.WriteString(strings.ReplaceAll(texEscapes.Replace(strings.TrimSpace(text)), "\n", "\\par ") + "\\clearpage\n")
	}
	b.WriteString("\\end{document}\n")
	if err := os.WriteFile(filepath.Join(dir, "a.tex"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"pdflatex", "-interaction=batchmode", "a.tex"},
		{"qpdf", "--split-pages", "a.pdf", "p-%d.pdf"}} {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Logf("%s: %v: %s", args[0], err, out)
		}
	}
	var pdfs [][]byte
	digits := len(fmt.Sprint(len(texts)))
	for i := range texts {
		data, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("p-%0*d.pdf", digits, i+1)))
		if err != nil {
			t.Fatal(err)
		}
		pdfs = append(pdfs, data)
	}
	return pdfs
}
