package setting

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
)

// Leaves returns every setting of a configuration, given by pointer, by its key in the file: as
// policy.actions.leak.out, or mail.listen.0.address. Settings that are not there have no key.
// The text of a value is the same for the same value, however the file wrote it.
func Leaves(config any) map[string]string {
	all := map[string]string{}
	leaves(reflect.ValueOf(config).Elem(), "", all)
	return all
}

var textual = reflect.TypeFor[encoding.TextMarshaler]()

func leaves(v reflect.Value, key string, all map[string]string) {
	if v.Type().Implements(textual) && (v.Kind() != reflect.Pointer || !v.IsNil()) {
		text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil {
			text = fmt.Append(nil, v.Interface())
		}
		all[key] = string(text)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		leaves(v.Elem(), key, all)
		if kind := v.Elem().Kind(); kind != reflect.Struct && kind != reflect.Pointer {
			all[key] = fmt.Sprint(v.Elem().Interface()) // it was set, if only to nought
		}
	case reflect.Slice:
		for i := range v.Len() {
			leaves(v.Index(i), within(key, strconv.Itoa(i)), all)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			leaves(v.MapIndex(k), within(key, fmt.Sprint(k.Interface())), all)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			switch name := v.Type().Field(i).Tag.Get("yaml"); name {
			case "", "-":
			case inline:
				leaves(v.Field(i), key, all)
			default:
				leaves(v.Field(i), within(key, name), all)
			}
		}
	default:
		if !v.IsZero() {
			all[key] = fmt.Sprint(v.Interface())
		}
	}
}

// within returns the key of a setting in a section.
func within(section, name string) string {
	if section == "" {
		return name
	}
	return section + "." + name
}
