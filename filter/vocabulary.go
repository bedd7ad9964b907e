package filter

import (
	"maps"
	"slices"

	"sluis/filter/detect"
	"sluis/rules"
)

// The detectors of the people index, beside those of package detect.
const (
	indexedPerson = "indexed-person" // a person of the index, with more than a name
	indexedName   = "indexed-name"   // a name of the index
)

// Vocabulary returns what a rule's detect and structure may name.
func Vocabulary() rules.Vocabulary { return vocabularyOf(detect.All()) }

func vocabularyOf(detectors []detect.Detector) rules.Vocabulary {
	var names []string
	for _, d := range detectors {
		names = append(names, d.Name)
	}
	return rules.Vocabulary{
		Detectors:  append(names, indexedPerson, indexedName),
		Structures: slices.Sorted(maps.Keys(structures)),
	}
}
