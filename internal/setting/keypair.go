package setting

// KeyPair is a certificate with its chain, and its key, in PEM files.
type KeyPair struct {
	Certificate string `yaml:"certificate" path:"relative"`
	Key         string `yaml:"key" path:"relative"`
}

// Validate implements setting.Validator.
func (k *KeyPair) Validate(p Problems) {
	if (k.Certificate == "") != (k.Key == "") {
		p.Wrong("certificate and key belong together: set both or none")
	}
}
