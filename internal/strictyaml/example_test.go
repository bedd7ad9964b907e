package strictyaml_test

import (
	"fmt"
	"time"

	"sluis/internal/strictyaml"
)

// An unknown key is an error that shows where it is.
func ExampleFile_Decode() {
	var settings struct {
		Hostname string        `yaml:"hostname"`
		Idle     time.Duration `yaml:"idle"`
	}
	file := strictyaml.File{Name: "sluis.yaml", Text: []byte("hostname: sluis.school.example\nidel: 5m\n")}
	fmt.Println(file.Decode(&settings))

	file.Text = []byte("hostname: sluis.school.example\nidle: 5m\n")
	fmt.Println(file.Decode(&settings), settings.Hostname, settings.Idle)
	// Output:
	// sluis.yaml:2:1: unknown key "idel": see the example for the keys that exist
	//      1 | hostname: sluis.school.example
	// >    2 | idel: 5m
	//        | ^
	// <nil> sluis.school.example 5m0s
}
