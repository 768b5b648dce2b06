"""A small judge of JSON by the schemas of an OpenAPI document: type, required, properties, items, enum, const, $ref, allOf,
oneOf, minimum, maximum.  Stricter than the standard in one point: a member that is not described is a fault."""

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


class Judge:
    def __init__(self, document):
        self.document = document

    def resolve(self, schema):
        while isinstance(schema, dict) and "$ref" in schema:
            at = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                at = at[part]
            schema = at
        return schema

    def faults(self, value, schema, where="the reply"):
        """What is wrong, a line each."""
        schema = self.resolve(schema)
        if "oneOf" in schema or "anyOf" in schema:
            tried = [self.faults(value, each, where) for each in schema.get("oneOf", schema.get("anyOf"))]
            return [] if [] in tried else min(tried, key=len)
        found = []
        if "const" in schema and value != schema["const"]:
            found.append(f"{where} is {value!r}, not {schema['const']!r}")
        if "enum" in schema and value not in schema["enum"]:
            found.append(f"{where} is {value!r}, none of {schema['enum']}")
        if "type" in schema and not self.is_type(value, schema["type"]):
            return found + [f"{where} is {type(value).__name__} {str(value)[:60]!r}, not {schema['type']}"]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if value < schema.get("minimum", value) or value > schema.get("maximum", value):
                found.append(f"{where} is {value}, out of its range")
        if isinstance(value, list) and "items" in schema:
            for item in value:
                found += self.faults(item, schema["items"], f"{where}[]")
        if isinstance(value, dict):
            found += self.object_faults(value, schema, where)
        return list(dict.fromkeys(found))

    def is_type(self, value, names):
        for name in [names] if isinstance(names, str) else names:
            if name == "integer" and type(value) is int:
                return True
            if name == "number" and type(value) in (int, float):
                return True
            if name in TYPES and isinstance(value, TYPES[name]):
                return True
        return False

    def parts(self, schema):
        """The schema and all that it is made of."""
        schema = self.resolve(schema)
        yield schema
        for each in schema.get("allOf", []):
            yield from self.parts(each)

    def object_faults(self, value, schema, where):
        properties, others, found = {}, None, []
        for part in self.parts(schema):
            properties.update(part.get("properties", {}))
            others = part.get("additionalProperties", others)
            found += [f"{where} has no {name!r}" for name in part.get("required", []) if name not in value]
        for name, member in value.items():
            if name in properties:
                found += self.faults(member, properties[name], f"{where}.{name}")
            elif isinstance(others, dict):
                found += self.faults(member, others, f"{where}.*")
            elif properties and others is not True:
                found.append(f"{where}.{name} is not described")
        return found
