package extract

import (
	"strings"
	"testing"

	"sluis/filter/text"
)

// What styles hide in a way that takes some reading of them is read in both ways as well (C3.3a).
func TestStylesHideInManyWays(t *testing.T) {
	const word, end = "<p id=p>Je bent een kloot", "zak</p>"
	span := func(style string) string { return word + `<span style="` + style + `">xx</span>` + end }
	sheet := func(css, within string) string { return "<style>" + css + "</style>" + word + within + end }
	for name, page := range map[string]string{
		"by an attribute":                sheet("[data-a]{display:none}", "<i data-a>xx</i>"),
		"by the value of one":            sheet(`i[data-a="1"]{display:none}`, "<i data-a=1>xx</i>"),
		"by the beginning of a value":    sheet(`[title^=ab]{display:none}`, "<i title=ABC>xx</i>"),
		"by the end of a value":          sheet(`[title$='c' i]{display:none}`, "<i title=abc>xx</i>"),
		"by a piece of a value":          sheet(`i[class*=eheim]{display:none}`, "<i class='a geheim'>xx</i>"),
		"by a word of a value":           sheet(`[rel~=b]{display:none}`, "<i rel='a b'>xx</i>"),
		"by a language":                  sheet(`[lang|=nl]{display:none}`, "<i lang=nl-BE>xx</i>"),
		"by its number":                  sheet("p>i:nth-child(1){display:none}", "<i>xx</i>"),
		"by what it is not":              sheet("p :not(b){display:none}", "<i>xx</i>"),
		"by one of several":              sheet("p :is(u, i.a){display:none}", "<i class=a>xx</i>"),
		"by what stands before":          sheet("b + i{display:none}", "<b></b><i>xx</i>"),
		"by what stands long before":     sheet("b~i{display:none}", "<b></b><u></u><i>xx</i>"),
		"by a property":                  span("--a:none;display:var(--a)"),
		"by a property that is later":    span("display:var( --a );--a:none"),
		"by a property of the page":      sheet(":root{--h:none} i{display:var(--h)}", "<i>xx</i>"),
		"by a property of the body":      `<style>body{--w:#fff}</style><body>` + span("color:var(--w)"),
		"by what stands instead":         span("display:var(--b, none)"),
		"by a property of a property":    sheet("*{--a:var(--b);--b:0px}", `<i style="font-size:var(--a)">xx</i>`),
		"by a sum":                       span("font-size:calc(1px * 0)"),
		"by the least of several":        span("font-size:min(0px, 12px)"),
		"away by a sum":                  span("position:absolute;left:calc(-100vw - 900px)"),
		"away to the right":              span("position:absolute;left:99999px"),
		"away by the short form":         span("position:fixed;inset:-9999px auto auto 0"),
		"away by one of four margins":    span("margin:0 0 0 -9999px"),
		"moved away as a property":       span("display:inline-block;translate:-9999px 0"),
		"made small in one direction":    span("display:inline-block;transform:scaleX(0)"),
		"made small after a turn":        span("display:inline-block;transform:rotate(3deg) scale(0.0)"),
		"made small as a property":       span("display:inline-block;scale:0"),
		"made small by a matrix":         span("display:inline-block;transform:matrix(0,0,0,0,0,0)"),
		"turned to its edge":             span("display:inline-block;transform:rotateY(90deg)"),
		"cut to a point":                 span("clip-path:polygon(0 0, 0 0, 0 0)"),
		"cut to a small circle":          span("clip-path: circle( 0px at 0 0 )"),
		"cut to a flat ellipse":          span("clip-path:ellipse(0 50%)"),
		"cut from below":                 span("clip-path:inset(0 0 100% 0)"),
		"by a filter":                    span("filter:opacity(0%)"),
		"by a mask":                      span("mask-image:linear-gradient(transparent, transparent)"),
		"by its content":                 span("content-visibility:hidden"),
		"a hundredth of its size":        span("zoom:0.01"),
		"in a class on a dark page":      `<style>.z{background:#222}.y{color:#232323}</style><div class=z>` + sheet("", "<i class=y>xx</i>"),
		"on the paper of a row":          `<table><tr bgcolor=navy><td>` + word + `<font color=navy>xx</font>` + end,
		"a variable of another spelling": sheet("p{--A:inline;--a:none}", `<i style="display:var(--a)">xx</i>`),
	} {
		t.Run(name, func(t *testing.T) {
			s := showMessage(t, "Content-Type: text/html; charset=utf-8\n\n"+page)
			if !strings.Contains(s.by[text.HTML], "klootzak") {
				t.Errorf("%q does not have the word that is seen", s.by[text.HTML])
			}
			if h := fields(s.by[text.Hidden]); !strings.Contains(h, "klootxxzak") {
				t.Errorf("%q has not all that is there", h)
			}
		})
	}
}

// Styles of ordinary mail hide nothing that a person sees.
func TestStylesOfOrdinaryMailHideNothing(t *testing.T) {
	for name, page := range map[string]string{
		"what a mail program adds": `<style>a[x-apple-data-detectors]{color:inherit!important}u + .b .full{width:100%}` +
			`#MessageViewBody a{color:inherit}[owa] .c{display:inline}</style><p class=c>De school is open.</p>`,
		"what is for pointing": `<style>a:hover{opacity:0}p:hover i{display:none}p::first-letter{font-size:0}` +
			`input:checked ~ p{display:none}</style><p>De school is <i>open</i>.</p>`,
		"what is not marked":           `<style>p:not(.seen):not(:hover){color:#333} p:not(p){display:none}</style><p>De school is open.</p>`,
		"stripes of a table":           `<style>tr:nth-child(odd) td{color:#fff;background:#036}</style><table><tr><td>De school is open.</table>`,
		"numbers of the house":         `<style>:root{--ink:#036;--paper:#fff}p{color:var(--ink);background:var(--paper)}</style><p>De school is open.`,
		"a property that is not there": `<p style="display:var(--nix);color:var(--nix)">De school is open.</p>`,
		"in the middle": `<div style="width:calc(100% - 20px);margin-left:calc(50% - 300px);font-size:calc(12px + .5vw)">` +
			`De school is open.</div>`,
		"a band across the page":   `<div style="margin:0 -9999px;padding:0 9999px">De school is open.</div>`,
		"a picture that is cut":    `<div style="clip-path:polygon(0 0,100% 0,100% 90%,0 100%)">De school is open.</div>`,
		"turned a bit":             `<div style="transform:rotate(-2deg) scale(1.1) translate(-50%,-50%)">De school is open.</div>`,
		"properties in a circle":   `<style>*{--a:var(--b);--b:var(--a)}</style><p style="color:var(--a)">De school is open.</p>`,
		"a style of other readers": `<style>.x_a:is(.ExternalClass *){display:none}</style><p class=x_a>De school is open.</p>`,
	} {
		t.Run(name, func(t *testing.T) {
			s := showMessage(t, "Content-Type: text/html; charset=utf-8\n\n"+page)
			if got := fields(s.by[text.HTML]); !strings.Contains(got, "De school is open.") {
				t.Errorf("%q is shown, not all that a person sees", got)
			}
			if s.report.Has(text.HiddenLetters) {
				t.Errorf("a mark of letters in a word: %v", s.report.Doubts)
			}
		})
	}
}
