package testenv_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"sluis/internal/testenv"
)

func TestEventuallyAsksUntilItIsSo(t *testing.T) {
	asked := 0
	var r recorder
	testenv.Eventually(&r, "the third time", func() bool { asked++; return asked == 3 })
	if asked != 3 || r.failed != "" {
		t.Errorf("asked %d times, failure %q; want 3 and none", asked, r.failed)
	}
}

func TestACanaryIsFoundInEveryForm(t *testing.T) {
	canary := testenv.Canary()
	for name, form := range testenv.CanaryForms(canary) {
		if len(testenv.Sightings(canary, append([]byte("x"), form...))) == 0 {
			t.Errorf("the canary %s is not found, want it found in each form", name)
		}
	}
	for shift := range 3 {
		enc := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("a", 30+shift) + canary + "tail"))
		if len(testenv.Sightings(canary, []byte(enc))) == 0 {
			t.Errorf("in base64, %d bytes on, it is not found, want it found", shift)
		}
	}
	if seen := testenv.Sightings(canary, []byte("kanarie")); len(seen) > 0 {
		t.Errorf("found as %v in a text without it, want nothing", seen)
	}
}

func TestWhatAMachineLacksIsASkipThatFailsInCI(t *testing.T) {
	t.Setenv("CI", "")
	var r recorder
	if testenv.Lack(&r, "no %s", "IPv6"); r.skipped != "SKIPPED: no IPv6" || r.failed != "" {
		t.Errorf("skipped %q, failed %q; want a skip", r.skipped, r.failed)
	}
	t.Setenv("CI", "true")
	r = recorder{}
	if testenv.Lack(&r, "no %s", "IPv6"); r.failed != "no IPv6" || r.skipped != "" {
		t.Errorf("skipped %q, failed %q; want a failure", r.skipped, r.failed)
	}
}
