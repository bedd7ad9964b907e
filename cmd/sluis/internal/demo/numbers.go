package demo

import (
	"fmt"
	"math/rand/v2"
)

// newBSN returns a random number that passes the 11-test of the burgerservicenummer.
func newBSN() string {
	for {
		n := 100_000_000 + rand.IntN(899_999_999)
		sum := -(n % 10)
		for rest, weight := n/10, 2; rest > 0; rest, weight = rest/10, weight+1 {
			sum += rest % 10 * weight
		}
		if sum%11 == 0 {
			return fmt.Sprint(n)
		}
	}
}
