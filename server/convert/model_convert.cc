#include "server/convert/model_convert.h"

#include "core/weights/model_card.h"
#include "server/convert/field_errors.h"
#include "server/convert/names.h"

namespace timbre::convert {
namespace {

v1::Tagger TaggerToProto(const registry::Version& version, const registry::Tagger& tagger) {
  v1::Tagger proto;
  proto.set_name(TaggerName(version.model, version.version, tagger.id));
  for (const std::string& tag : tagger.tags) proto.add_tags(tag);
  proto.set_job(tagger.job);
  proto.mutable_evaluation()->ParseFromString(tagger.evaluation);
  proto.mutable_evaluation()->set_tagger(proto.name());
  *proto.mutable_create_time() = ToProtoTimestamp(tagger.create_time);
  return proto;
}

v1::ModelOrigin OriginToProto(const weights::Origin& origin) {
  v1::ModelOrigin proto;
  proto.set_file_name(origin.file_name);
  proto.set_sha256(origin.sha256);
  proto.set_key_naming(origin.key_naming);
  for (const std::string& note : origin.notes) proto.add_notes(note);
  return proto;
}

}  // namespace

v1::ModelVersion VersionToProto(const registry::Version& version) {
  v1::ModelVersion proto;
  proto.set_name(VersionNameOf(version.model, version.version));
  proto.set_version(version.version);
  proto.set_embedding_space_id(version.space_id);
  proto.set_embedding_dim(version.card.embedding_dim);
  proto.set_architecture(version.card.architecture);
  proto.set_job(version.card.job);
  proto.set_dataset(version.card.dataset);
  proto.set_dataset_digest(version.card.dataset_digest);
  proto.set_seed(version.card.seed);
  proto.set_step_count(version.card.steps);
  proto.set_build(version.card.build);
  for (const registry::Tagger& tagger : version.taggers)
    *proto.add_taggers() = TaggerToProto(version, tagger);
  *proto.mutable_create_time() = ToProtoTimestamp(version.create_time);
  proto.set_card_json(weights::ModelCardToJson(version.card));
  proto.set_embedding_layer(version.card.embedding_layer);
  proto.set_weights_digest(version.card.weights_digest);
  if (version.card.origin.has_value()) *proto.mutable_origin() = OriginToProto(*version.card.origin);
  return proto;
}

v1::Model ModelToProto(const registry::Model& model) {
  v1::Model proto;
  proto.set_name(ModelName(model.id));
  for (const auto& [label, version] : model.labels) (*proto.mutable_labels())[label] = version;
  for (const registry::Version& version : model.versions) *proto.add_versions() = VersionToProto(version);
  *proto.mutable_create_time() = ToProtoTimestamp(model.create_time);
  return proto;
}

v1::ModelInfo ModelInfoToProto(const registry::Version& version) {
  v1::ModelInfo proto;
  proto.set_model_version(VersionNameOf(version.model, version.version));
  proto.set_embedding_space_id(version.space_id);
  proto.set_embedding_dim(version.card.embedding_dim);
  return proto;
}

}  // namespace timbre::convert
