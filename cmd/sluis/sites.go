package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"sluis/filter/domains"
	"sluis/internal/sitelists"
)

// sitesCmd is sluis sites.
type sitesCmd struct {
	Build  sitesBuildCmd  `cmd:"" help:"Make an index of lists: names, hosts files, or rules of ad blockers about domains."`
	Lookup sitesLookupCmd `cmd:"" help:"Say in which categories hosts are."`
}

type sitesBuildCmd struct {
	Index string   `arg:"" type:"path" help:"File to write; a gateway that uses it takes the new one at its next reload (SIGHUP)."`
	Lists []string `arg:"" name:"category=file" help:"Lists, such as phishing=phishing.txt. Links to hosts of phishing and malware are looked for in mail."`
}

// Run reads the lists and writes the index in place of an old one.
func (c sitesBuildCmd) Run() error {
	for {
		err := c.build()
		if !errors.Is(err, domains.ErrCollision) { // by another key it goes well
			return err
		}
	}
}

func (c sitesBuildCmd) build() error {
	var categories, files []string
	for _, l := range c.Lists {
		category, file, ok := strings.Cut(l, "=")
		if !ok {
			return fmt.Errorf("%q names no list: write CATEGORY=FILE, such as phishing=phishing.txt", l)
		}
		categories, files = append(categories, category), append(files, file)
	}
	b, err := domains.NewBuilder(categories...)
	if err != nil {
		return err
	}
	for i, file := range files {
		if err := addList(b, i, categories[i], file); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return sitelists.WriteIndex(b, c.Index)
}

func addList(b *domains.Builder, number int, category, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	n := 0
	strange, err := domains.ReadList(f, func(name string) {
		if b.Add(number, name) {
			n++
		}
	})
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d names of %s, %d lines not understood\n", category, n, file, strange)
	if n == 0 {
		return errors.New("there is no name in it: is it a list?")
	}
	return nil
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
