// Package demo plays a short school day of mail through a gateway, so that whoever
// tries Sluis sees within a minute what it does with which message, and what it
// leaves alone.
//
// Everything in it is made up: roles instead of people, names of domains that
// cannot exist (RFC 2606), numbers that are drawn at random and pass their checks.
package demo
