package config

import (
	"net/url"

	"sluis/internal/setting"
)

// Imagery is the control of the use of imagery (C3.3d).
type Imagery struct {
	// the organisation's own public sites, such as https://www.school.nl/
	Sites   []string `yaml:"sites"`
	Consent string   `yaml:"consent" path:"relative"` // CSV file: person, scope, until
	Images  int      `yaml:"images"`                  // drawn at a time; default 25
	Pages   int      `yaml:"pages"`                   // visited at most; default 200
	Address string   `yaml:"address" reload:"no"`     // for complaints: mail to it opens a case
}

// Validate implements setting.Validator.
func (i *Imagery) Validate(p setting.Problems) {
	for n, s := range i.Sites {
		if u, err := url.Parse(s); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			p.At("sites").Item(n).Wrong("write an address such as https://www.school.nl/")
		}
	}
	if i.Address != "" {
		p.At("address").Mailbox(i.Address)
	}
	if i.Images < 0 || i.Images > 1000 || i.Pages < 0 || i.Pages > 10_000 {
		p.Wrong("at most 1,000 images and 10,000 pages")
	}
}
