package config

// Control is the socket through which commands go through the running gateway.
type Control struct {
	// path of the socket, which its owner and group alone can use; none: one in a directory of the gateway's own
	Socket string `yaml:"socket" path:"relative" reload:"no"`
}
