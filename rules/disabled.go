package rules

// Disabled is a rule that the school leaves out, and why.
type Disabled struct {
	ID     string `yaml:"id"`
	Reason string `yaml:"reason"`
}
