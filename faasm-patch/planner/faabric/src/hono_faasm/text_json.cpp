#include <faabric/proto/faabric.pb.h>
#include <hono_faasm/text_json.h>

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>

#include <memory>

namespace hono_faasm {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;

// The messages of faabric.proto, but with outputs that are strings.
class TextTypes
{
  public:
    TextTypes()
    {
        const auto* original = faabric::Message::descriptor()->file();
        google::protobuf::FileDescriptorProto file;
        original->CopyTo(&file);
        original->CopyJsonNameTo(&file);
        for (auto& type : *file.mutable_message_type()) {
            for (auto& field : *type.mutable_field()) {
                if (type.name() == "Message" && field.name() == "outputData") {
                    field.set_type(
                      google::protobuf::FieldDescriptorProto::TYPE_STRING);
                }
            }
        }
        pool.BuildFile(file);
    }

    // Null for a message of another file.
    std::unique_ptr<Message> create(const Descriptor* original)
    {
        if (original->file() != faabric::Message::descriptor()->file()) {
            return nullptr;
        }
        const auto* type = pool.FindMessageTypeByName(original->full_name());
        return std::unique_ptr<Message>(factory.GetPrototype(type)->New());
    }

  private:
    google::protobuf::DescriptorPool pool;
    google::protobuf::DynamicMessageFactory factory;
};

TextTypes& textTypes()
{
    static TextTypes types;
    return types;
}

}

google::protobuf::util::Status toJson(
  const Message& message,
  std::string* json,
  const google::protobuf::util::JsonOptions& options)
{
    using google::protobuf::util::MessageToJsonString;
    auto text = textTypes().create(message.GetDescriptor());
    // Fails for an output that is no UTF-8.
    if (text != nullptr && text->ParseFromString(message.SerializeAsString())) {
        return MessageToJsonString(*text, json, options);
    }
    return MessageToJsonString(message, json, options);
}

google::protobuf::util::Status fromJson(const std::string& json,
                                        Message* message)
{
    using google::protobuf::util::JsonStringToMessage;
    auto text = textTypes().create(message->GetDescriptor());
    if (text == nullptr) {
        return JsonStringToMessage(json, message);
    }
    const auto status = JsonStringToMessage(json, text.get());
    if (status.ok()) {
        message->ParseFromString(text->SerializeAsString());
    }
    return status;
}

}
