package demo

import (
	"fmt"
	"time"
)

// ShowNext says what to try with a gateway that stays up.
func (c Settings) ShowNext(address, arrived string) {
	fmt.Printf(`
The gateway stays up on %[1]s (mail) and %[5]s (web) until Ctrl-C. Try, in another terminal:

  swaks --server %[1]s --from groep5@school.example --to ouder@gezin.example --body 'Hallo!'
  bin/sluis quarantine list --data %[2]s
  bin/sluis journal tail --data %[2]s
  bin/sluis sampling audit --day %[3]s --data %[2]s
  ls %[4]s
  curl -x http://%[5]s http://www.toto.nl/
  bin/sluis web explain https://www.toto.nl/ --group leerlingen -c %[2]s/sluis.yaml

Or let a browser use %[5]s as its proxy, and open http://%[5]s/setup

`, address, c.Data, time.Now().UTC().Format(time.DateOnly), arrived, c.Web)
}
