#include "client/report/configuration.h"

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace timbre::report {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

constexpr int kSingle = -1;

std::string ValueText(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& r = *message.GetReflection();
  const bool single = index == kSingle;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return (single ? r.GetBool(message, &field) : r.GetRepeatedBool(message, &field, index)) ? "true"
                                                                                               : "false";
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(single ? r.GetInt32(message, &field) : r.GetRepeatedInt32(message, &field, index));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(single ? r.GetInt64(message, &field) : r.GetRepeatedInt64(message, &field, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(single ? r.GetUInt32(message, &field)
                                 : r.GetRepeatedUInt32(message, &field, index));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(single ? r.GetUInt64(message, &field)
                                 : r.GetRepeatedUInt64(message, &field, index));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return absl::StrCat(single ? r.GetFloat(message, &field) : r.GetRepeatedFloat(message, &field, index));
    case FieldDescriptor::CPPTYPE_DOUBLE:  // the shortest text that reads back as the same number
      return nlohmann::json(single ? r.GetDouble(message, &field)
                                   : r.GetRepeatedDouble(message, &field, index))
          .dump();
    case FieldDescriptor::CPPTYPE_ENUM:
      return std::string(
          (single ? r.GetEnum(message, &field) : r.GetRepeatedEnum(message, &field, index))->name());
    case FieldDescriptor::CPPTYPE_STRING:
      return single ? r.GetString(message, &field) : r.GetRepeatedString(message, &field, index);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return "";
}

void AddRows(const Message& message, const std::string& prefix, nlohmann::json& rows);

void AddField(const Message& message, const FieldDescriptor& field, const std::string& name,
              nlohmann::json& rows) {
  const Reflection& reflection = *message.GetReflection();
  const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  if (!field.is_repeated()) {
    if (is_message) return AddRows(reflection.GetMessage(message, &field), name, rows);
    rows.push_back({name, ValueText(message, field, kSingle)});
    return;
  }
  std::string values;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    if (is_message) {
      AddRows(reflection.GetRepeatedMessage(message, &field, i), absl::StrCat(name, "[", i, "]"), rows);
    } else {
      absl::StrAppend(&values, i > 0 ? ", " : "", ValueText(message, field, i));
    }
  }
  if (!is_message) rows.push_back({name, values});
}

void AddRows(const Message& message, const std::string& prefix, nlohmann::json& rows) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  if (fields.empty() && !prefix.empty()) rows.push_back({prefix, ""});
  for (const FieldDescriptor* field : fields) {
    const std::string dot = prefix.empty() ? "" : ".";
    AddField(message, *field, absl::StrCat(prefix, dot, std::string(field->name())), rows);
  }
}

}  // namespace

nlohmann::json ConfigurationRows(const Message& message) {
  nlohmann::json rows = nlohmann::json::array();
  AddRows(message, "", rows);
  return rows;
}

}  // namespace timbre::report
