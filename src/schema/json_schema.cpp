#include <fmt/format.h>

#include <string>
#include <utility>

#include "schema/manual.hpp"
#include "schema/write.hpp"

namespace hwflow::schema {
namespace {

Value schema_of(const Type& type);

void add_properties(const std::vector<Property>& properties, Value& shapes, Value& required) {
  for (const Property& property : properties) {
    Value shape = schema_of(property.type);
    shape.set("description", property.sentence);
    if (property.required) {
      required.append(property.key);
    } else {
      shape.set("default", property.default_value);
    }
    shapes.set(property.key, std::move(shape));
  }
}

Value object_of(const Type& type, const Alternative* choice) {
  Value shapes = Value::map(), required = Value::list();
  add_properties(type.properties, shapes, required);
  if (choice != nullptr) {
    shapes.set(type.selector_key, Value::map().set("const", choice->name));
    required.append(type.selector_key);
    add_properties(choice->properties, shapes, required);
  }
  Value schema = Value::map();
  schema.set("type", "object");
  schema.set("properties", std::move(shapes));
  if (!required.as_list()->empty()) schema.set("required", std::move(required));
  schema.set("additionalProperties", false);
  return schema;
}

Value any_object_of(const Type& type) {
  if (type.alternatives.empty()) return object_of(type, nullptr);
  Value choices = Value::list();
  for (const Alternative& choice : type.alternatives) choices.append(object_of(type, &choice));
  return Value::map().set("oneOf", std::move(choices));
}

Value integer_of_range(const Type& type) {
  Value schema = Value::map().set("type", "integer");
  if (type.int_min != std::numeric_limits<std::int64_t>::min()) {
    schema.set("minimum", type.int_min);
  }
  if (type.int_max != std::numeric_limits<std::int64_t>::max()) {
    schema.set("maximum", type.int_max);
  }
  return schema;
}

Value number_of_range(const Type& type) {
  Value schema = Value::map().set("type", "number");
  if (type.min) schema.set(type.min_excluded ? "exclusiveMinimum" : "minimum", *type.min);
  if (type.max) schema.set("maximum", *type.max);
  return schema;
}

Value names_of(const Type& type) {
  Value names = Value::list();
  for (const std::string& name : type.names) names.append(name);
  return Value::map().set("enum", std::move(names));
}

Value list_of(const Type& type) {
  Value schema = Value::map().set("type", "array").set("items", schema_of(type.element.front()));
  if (type.distinct) schema.set("uniqueItems", true);
  return schema;
}

Value not_null(const Type& type) {
  switch (type.kind) {
    case Kind::boolean: return Value::map().set("type", "boolean");
    case Kind::integer: return integer_of_range(type);
    case Kind::number: return number_of_range(type);
    case Kind::string: return Value::map().set("type", "string");
    case Kind::enumeration: return names_of(type);
    case Kind::list: return list_of(type);
    case Kind::map:
      return Value::map()
          .set("type", "object")
          .set("additionalProperties", schema_of(type.element.front()));
    case Kind::object: return any_object_of(type);
  }
  return {};
}

Value schema_of(const Type& type) {
  if (!type.nullable) return not_null(type);
  Value choices = Value::list();
  choices.append(not_null(type));
  choices.append(Value::map().set("type", "null"));
  return Value::map().set("anyOf", std::move(choices));
}

}  // namespace

std::string json_schema_text(const Type& type, std::string_view title) {
  Value schema = Value::map();
  schema.set("$schema", "https://json-schema.org/draft/2020-12/schema");
  schema.set("title", title);
  const Value body = schema_of(type);
  for (const auto& entry : *body.as_map()) schema.set(entry.key, entry.value);
  return to_json_text(schema);
}

}  // namespace hwflow::schema
