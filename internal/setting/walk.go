package setting

import (
	"path/filepath"
	"reflect"
)

// Defaulter is a part of a configuration that has defaults. SetDefaults sets what the file
// left out; the parts within have theirs already.
type Defaulter interface{ SetDefaults() }

// Validator is a part of a configuration that can be wrong. Validate adds each fault to the
// problems, whose place is that of the part; the parts within are asked by themselves.
type Validator interface{ Validate(p Problems) }

// Default sets a setting that the file left out.
func Default[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

// Fill sets the defaults of a configuration, given by pointer: first of the parts within,
// then of those around them.
func Fill(config any) {
	walk(reflect.ValueOf(config).Elem(), Problems{}, func(v reflect.Value, _ Problems) {
		if d, ok := v.Addr().Interface().(Defaulter); ok {
			d.SetDefaults()
		}
	})
}

// Check asks each part of a configuration, given by pointer, what is wrong with it.
func Check(config any, p Problems) {
	walk(reflect.ValueOf(config).Elem(), p, func(v reflect.Value, p Problems) {
		if c, ok := v.Addr().Interface().(Validator); ok {
			c.Validate(p)
		}
	})
}

// inline is the tag of a struct whose keys stand among those of the struct around it.
const inline = ",inline"

// walk calls visit for each struct of a configuration, those within first.
func walk(v reflect.Value, p Problems, visit func(reflect.Value, Problems)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem(), p, visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), p.Item(i), visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			switch key := v.Type().Field(i).Tag.Get("yaml"); key {
			case "", "-":
			case inline:
				walk(v.Field(i), p, visit)
			default:
				walk(v.Field(i), p.At(key), visit)
			}
		}
		visit(v, p)
	}
}

// Resolve makes the file names of a configuration, given by pointer, relative to a directory.
func Resolve(config any, dir string) {
	resolve(reflect.ValueOf(config).Elem(), dir)
}

func resolve(v reflect.Value, dir string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			resolve(v.Elem(), dir)
		}
	case reflect.Slice:
		for i := range v.Len() {
			resolve(v.Index(i), dir)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			switch f := v.Type().Field(i); {
			case f.Tag.Get("path") == "relative":
				join(v.Field(i), dir)
			case f.Tag.Get("yaml") != "":
				resolve(v.Field(i), dir)
			}
		}
	}
}

// join resolves one file name, or a list of them.
func join(v reflect.Value, dir string) {
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			join(v.Index(i), dir)
		}
		return
	}
	if name := v.String(); name != "" && !filepath.IsAbs(name) {
		v.SetString(filepath.Join(dir, name))
	}
}

// NeedsRestart names the first setting that differs between two configurations of one type,
// given by pointer, and is read at the start only; it is empty if there is none.
func NeedsRestart(old, new any) string {
	return differs(reflect.ValueOf(old).Elem(), reflect.ValueOf(new).Elem(), "")
}

func differs(old, new reflect.Value, path string) string {
	for i := range old.NumField() {
		f := old.Type().Field(i)
		key := f.Tag.Get("yaml")
		switch {
		case key == "" || key == "-":
			continue
		case key == inline:
			key = path
		case path != "":
			key = path + "." + key
		}
		switch {
		case f.Tag.Get("reload") == "no":
			if !reflect.DeepEqual(old.Field(i).Interface(), new.Field(i).Interface()) {
				return key
			}
		case f.Type.Kind() == reflect.Struct:
			if name := differs(old.Field(i), new.Field(i), key); name != "" {
				return name
			}
		}
	}
	return ""
}
