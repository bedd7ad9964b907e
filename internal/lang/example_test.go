package lang_test

import (
	"fmt"
	"testing/fstest"

	"sluis/internal/lang"
)

// A package has its texts in files, which it embeds, and returns messages; a page prints them for its reader.
func Example() {
	texts := lang.Files(fstest.MapFS{
		"messages/disk.nl.json": {Data: []byte(`{"free": "%d MB vrij"}`)},
		"messages/disk.en.json": {Data: []byte(`{"free": "%d MB free"}`)},
	})
	found := texts.Message("free", 20480)

	reader := texts.Choose("en-GB,en;q=0.9")
	fmt.Println(found.In(reader.Code))
	fmt.Println(found.In(lang.Default))
	// Output:
	// 20,480 MB free
	// 20.480 MB vrij
}
