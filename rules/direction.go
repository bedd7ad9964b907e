package rules

// Direction is which way a message or request goes, seen from the school. It
// belongs to one recipient: a message to a colleague and to an outsider goes in
// two directions.
type Direction uint8

// The directions.
const (
	In       Direction = iota // from outside to the organisation
	Out                       // from the organisation to outside
	Internal                  // from the organisation to itself
)

var directionNames = [...]string{"in", "out", "internal"}

// String returns the name that rule packs, configuration and the journal use.
func (d Direction) String() string { return name(directionNames[:], uint8(d), "direction") }

// ParseDirection returns the direction with the given name.
func ParseDirection(s string) (Direction, error) {
	i, err := parse(directionNames[:], s, "direction")
	return Direction(i), err
}

// MarshalText implements encoding.TextMarshaler.
func (d Direction) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Direction) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDirection(string(b))
	return err
}

// Directions is a set of directions. Its zero value is empty.
type Directions uint8

// DirectionsOf returns the set that holds just the given directions.
func DirectionsOf(ds ...Direction) Directions {
	var s Directions
	for _, d := range ds {
		s |= 1 << d
	}
	return s
}

// AnyDirection is the set of all directions.
const AnyDirection Directions = 1<<In | 1<<Out | 1<<Internal

// Has reports whether d is in the set.
func (s Directions) Has(d Direction) bool { return s&(1<<d) != 0 }

// Without returns the set with d taken out.
func (s Directions) Without(d Direction) Directions { return s &^ (1 << d) }

// With returns the set with d added.
func (s Directions) With(d Direction) Directions { return s | 1<<d }
