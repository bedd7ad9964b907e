package main

import (
	"fmt"
	"strings"

	"sluis/filter/domains"
	"sluis/internal/sitelists"
)

// sitesCmd is sluis sites.
type sitesCmd struct {
	Build  sitesBuildCmd  `cmd:"" help:"Make an index of lists in any usual form."`
	Lookup sitesLookupCmd `cmd:"" help:"Say in which categories hosts are."`
}

type sitesBuildCmd struct {
	Index string   `arg:"" type:"path" help:"File to write; a running gateway takes it at its next reload (SIGHUP)."`
	Lists []string `arg:"" name:"category=file" help:"Lists, such as phishing=phishing.txt."`
}

// Run reads the lists and writes the index in place of an old one.
func (c sitesBuildCmd) Run() error {
	var lists []sitelists.File
	for _, l := range c.Lists {
		category, file, ok := strings.Cut(l, "=")
		if !ok {
			return fmt.Errorf("%q names no list: write CATEGORY=FILE, such as phishing=phishing.txt", l)
		}
		lists = append(lists, sitelists.File{Category: category, Path: file})
	}
	read, err := sitelists.BuildIndex(c.Index, lists)
	for _, f := range read {
		fmt.Printf("%s: %d names of %s\n", f.Category, f.Names, f.Path)
		printSkipped(f.Report)
	}
	return err
}

type sitesLookupCmd struct {
	Index string   `arg:"" type:"path" help:"Index, made with sluis sites build."`
	Hosts []string `arg:"" help:"Host names."`
}

// Run looks hosts up.
func (c sitesLookupCmd) Run() error {
	x, err := domains.Open(c.Index)
	if err != nil {
		return err
	}
	for _, h := range c.Hosts {
		in := strings.Join(x.Categories(x.Lookup(h)), ", ")
		if in == "" {
			in = "not listed"
		}
		fmt.Printf("%s: %s\n", h, in)
	}
	return nil
}
