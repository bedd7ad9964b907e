package config

import (
	"fmt"
	"net/url"
)

// Imagery is the control of the use of imagery (C3.3d).
type Imagery struct {
	Sites   []string `yaml:"sites"`   // the organisation's own public sites, such as https://www.school.nl/
	Consent string   `yaml:"consent"` // CSV file: person, scope, until
	Images  int      `yaml:"images"`  // drawn at a time; default 25
	Pages   int      `yaml:"pages"`   // visited at most; default 200
	Address string   `yaml:"address"` // for complaints: mail to it opens a case
}

func (v *validator) imagery(i *Imagery) {
	for n, s := range i.Sites {
		if u, err := url.Parse(s); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			v.wrong(fmt.Sprintf("$.imagery.sites[%d]", n), "write an address such as https://www.school.nl/")
		}
	}
	if i.Address != "" {
		v.mailbox("$.imagery.address", i.Address)
	}
	if i.Images < 0 || i.Images > 1000 || i.Pages < 0 || i.Pages > 10_000 {
		v.wrong("$.imagery", "at most 1,000 images and 10,000 pages")
	}
}
